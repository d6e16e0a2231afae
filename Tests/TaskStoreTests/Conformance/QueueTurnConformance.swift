import TaskModel
import TaskStore
import Testing

/// queues that are taken from in proportion to their weights.
@Suite("Store: turns of queues", .timeLimit(.minutes(3)))
struct QueueTurnConformance {
    /// Three tasks of each of two queues for each of one, within a queue by priority and then age.
    @Test(arguments: StoreBackend.all, [[], ["a", "b", "c"]])
    func queuesHaveTheirTurnsAndPrioritiesCountWithinThem(_ backend: StoreBackend, queues: [String]) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit(
                (1...6).map { spec("a\($0)", queue: "a") } + [spec("a-first", queue: "a", priority: 5)]
                    + (1...3).map { spec("b\($0)", queue: "b", priority: 9) })
            var weights = try #require(QueueWeights(["a": 3]))
            var names: [String] = []
            for limit in [1, 2, 4, 3] {
                let claimed = try await store.claim(limit, queues: queues, turns: weights.turns)
                weights.took(claimed.map(\.task.spec.queue))
                names += store.names(claimed)
            }
            #expect(names.count == 10)
            #expect(names.filter { $0.hasPrefix("a") } == ["a-first", "a1", "a2", "a3", "a4", "a5", "a6"])
            #expect(names.filter { $0.hasPrefix("b") } == ["b1", "b2", "b3"])
            for end in [4, 8] {
                #expect(abs(names.prefix(end).count { $0.hasPrefix("b") } - end / 4) <= 1, "\(names)")
            }
        }
    }

    @Test(arguments: StoreBackend.all)
    func limitsPausesImagesAndIsolationStillCount(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            for queue in ["a", "b", "c"] {
                _ = try await store.submit(
                    [spec("1", queue: queue), spec("2", queue: queue, image: "x"), spec("3", queue: queue)])
            }
            _ = try await store.submit([spec("4", queue: "a", isolation: .container)])
            _ = try await store.control("a", .limit(1))
            _ = try await store.control("b", .pause(by: "me", reason: nil))
            let turns = try #require(QueueWeights(["a": 9, "b": 9])).turns
            let claimed = try await store.claim(9, containers: false, images: .allBut(["x"]), turns: turns)
            #expect(claimed.map { $0.task.spec.queue + ($0.task.spec.name ?? "") } == ["a1", "c1", "c3"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func limitsOfAClaimLeavePriorityAndAgeAsTheyAre(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit(
                [
                    spec("1", queue: "a"), spec("2", queue: "b"), spec("3", queue: "a", priority: 1),
                    spec("4", queue: "c"),
                ]
                    + [spec("5", queue: "b"), spec("6", queue: "a")])
            let turns = QueueTurns(limits: ["a": 2, "c": 0])
            #expect(store.names(try await store.claim(9, turns: turns)) == ["3", "1", "2", "5"])
            let weighed = try #require(QueueWeights(["a": 2])).turns.limited(by: ["a": 0])
            #expect(store.names(try await store.claim(9, turns: weighed)) == ["4"])
            #expect(QueueTurns(limits: [:]) == nil)
        }
    }

    @Test(arguments: StoreBackend.all)
    func withoutTurnsPriorityAndAgeCountOverAllQueues(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit(
                [spec("1", queue: "a"), spec("2", queue: "b", priority: 1), spec("3", queue: "a", priority: 1)])
            #expect(store.names(try await store.claim(3)) == ["2", "3", "1"])
        }
    }
}
