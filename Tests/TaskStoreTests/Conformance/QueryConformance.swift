import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: queries", .timeLimit(.minutes(3)))
struct QueryConformance {
    /// One task in each reachable state, named after it, in two queues.
    private func fill(_ store: any TaskStore) async throws {
        for queue in ["a", "b"] {
            for name in ["complete", "error", "inProgress"] {
                _ = try await store.submit([spec(name, queue: queue)])
                let lease = try #require(try await store.claim(queues: [queue]).first).lease
                if name == "complete" { #expect(try await store.finish(lease, .success)) }
                if name == "error" {
                    #expect(try await store.finish(lease, .failure(.deadLetter(countsAsFailure: true))))
                }
            }
            _ = try await store.submit([spec("pending", queue: queue, delay: 60), spec("enqueued", queue: queue)])
            let id = try await store.submit([spec("cancelled", queue: queue)])[0].id
            _ = try await store.cancel(id, reason: "unwanted")
        }
    }

    @Test(arguments: StoreBackend.all)
    func listsNewestFirstByStateQueueAndLimit(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            try await fill(store)
            let all = try await store.tasks(matching: TaskFilter())
            #expect(all.count == 12)
            #expect(all.map(\.id) == all.map(\.id).sorted(by: >))
            #expect(all.allSatisfy { $0.spec.name == $0.state.rawValue })
            for state in TaskState.allCases {
                let found = try await store.tasks(matching: TaskFilter(states: [state]))
                #expect(found == all.filter { $0.state == state })
                let inA = try await store.tasks(matching: TaskFilter(states: [state], queue: "a"))
                #expect(inA == found.filter { $0.spec.queue == "a" })
            }
            let mixed = TaskFilter(states: [.error, .complete, .inProgress], queue: "b", limit: 2)
            let expected = all.filter { mixed.states.contains($0.state) && $0.spec.queue == "b" }.prefix(2)
            #expect(try await store.tasks(matching: mixed) == Array(expected))
            #expect(try await store.tasks(matching: TaskFilter(queue: "nul\0")).isEmpty)
            #expect(try await store.tasks(matching: TaskFilter(limit: 0)).isEmpty)
            #expect(try await store.tasks(matching: TaskFilter(limit: -1)).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func theTypeIsKeptAndFound(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let values: [String: ParameterValue] = ["mb": .integer(900), "ratio": .number(0.5), "dry": .boolean(true)]
            for (name, queue) in [("cog", "a"), ("cog", "b"), ("tile", "a")] {
                var typed = spec(name, queue: queue)
                (typed.type, typed.params, typed.labels) = (name, values, ["heavy"])
                _ = try await store.submit([typed, spec("plain", queue: queue)])
            }
            let lease = try #require(try await store.claim(queues: ["b"]).first).lease
            let all = try await store.tasks(matching: TaskFilter())
            #expect(all.count { $0.spec.params == values && $0.spec.labels == ["heavy"] } == 3)
            for states: Set<TaskState> in [[], [.enqueued], [.inProgress], [.inProgress, .enqueued, .error]] {
                for queue in [nil, "a", "b"] {
                    for type in [nil, "cog", "tile", "none", "nul\0"] {
                        let found = try await store.tasks(
                            matching: TaskFilter(states: states, queue: queue, type: type))
                        let expected = all.filter {
                            (states.isEmpty || states.contains($0.state)) && (queue == nil || $0.spec.queue == queue)
                                && (type == nil || $0.spec.type == type)
                        }
                        #expect(found.map(\.id) == expected.map(\.id), "\(states) \(queue ?? "") \(type ?? "")")
                    }
                }
            }
            #expect(try await store.task(lease.taskID)?.spec.type == "cog")
        }
    }

    @Test(arguments: StoreBackend.all)
    func attemptsOfAWorkerAreFoundByTheBeginningOfItsId(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            var begun: [Lease] = []
            for worker in ["abc1", "abd2", "abc1"] {
                _ = try await store.submit([spec("t")])
                let lease = try #require(try await store.claim().first).lease
                #expect(try await store.start(lease, worker: WorkerID(rawValue: worker), at: clock.now()))
                begun.append(lease)
                clock.advance(by: 1)
            }
            func found(_ prefix: String) async throws -> [TaskID] {
                try await store.attempts(onWorkersWithPrefix: prefix).map(\.taskID)
            }
            #expect(try await found("abc1") == [begun[0].taskID, begun[2].taskID])
            #expect(try await found("ab") == begun.map(\.taskID))
            #expect(try await found("abc12").isEmpty)
            #expect(try await found("%").isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func countsAgreeWithTheList(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            try await fill(store)
            clock.advance(by: 60)
            _ = try await store.claim(1, queues: ["a"])
            _ = try await store.recoverExpired(maxDeliveries: 1)
            var expected: [String: Int] = [:]
            for task in try await store.tasks(matching: TaskFilter()) {
                expected["\(task.spec.queue) \(task.state)", default: 0] += 1
            }
            let counts = try await store.counts()
            #expect(Dictionary(uniqueKeysWithValues: counts.map { ("\($0.queue) \($0.state)", $0.count) }) == expected)
        }
    }

    @Test(arguments: StoreBackend.all)
    func countsWhatNeedsNoContainer(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([
                spec("1", queue: "a", isolation: .container), spec("2", queue: "b", isolation: .container),
                spec("3", queue: "a", priority: 5), spec("4", queue: "a", image: "i"), spec("5", queue: "a"),
                spec("6", queue: "a", delay: 60), spec("7", queue: "c"),
            ])
            #expect(try await store.processDemand(queues: ["a", "b", "c", "none"], upTo: 9) == ["a": 3, "c": 1])
            #expect(try await store.processDemand(queues: ["a", "b", "c", "none"], upTo: 2) == ["a": 2, "c": 1])
            #expect(try await store.processDemand(queues: ["c", "c"], upTo: 9) == ["c": 1])
            #expect(try await store.processDemand(queues: [], upTo: 9) == [:])
            #expect(try await store.processDemand(queues: ["a"], upTo: 0) == [:])
        }
    }

    /// However many images and priorities what waits is scattered over.
    @Test(arguments: StoreBackend.direct, [20, 300])
    func listsTheNewestOfWhatWaits(_ backend: StoreBackend, priorities: Int) async throws {
        try await backend.withStore { store, _ in
            let tasks = try await store.submit(
                (0..<priorities * 2).map { number in
                    spec(
                        "\(number)", queue: number % 3 == 0 ? "a" : "b", priority: (number * 7) % priorities,
                        image: number % 5 == 0 ? "i" : nil)
                })
            let newest = tasks.map(\.id).sorted(by: >)
            func listed(_ queue: String?, _ states: Set<TaskState> = [.enqueued], limit: Int) async throws -> [TaskID] {
                try await store.tasks(matching: TaskFilter(states: states, queue: queue, limit: limit)).map(\.id)
            }
            #expect(try await listed(nil, limit: 7) == Array(newest.prefix(7)))
            #expect(try await listed(nil, limit: 10000) == newest)
            #expect(try await listed(nil, [.enqueued, .error, .complete], limit: 7) == Array(newest.prefix(7)))
            let ofA = tasks.filter { $0.spec.queue == "a" }.map(\.id).sorted(by: >)
            #expect(try await listed("a", limit: 7) == Array(ofA.prefix(7)))
            #expect(try await listed("a", limit: 10000) == ofA)
            #expect(try await listed("none", limit: 7).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func findsIDsByTheirBeginning(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let ids = try await store.submit([spec(), spec(), spec()]).map(\.id)
            let whole = ids[1].rawValue
            #expect(try await store.taskIDs(withPrefix: whole, limit: 5) == [ids[1]])
            #expect(try await store.taskIDs(withPrefix: whole.uppercased(), limit: 5) == [ids[1]])
            #expect(try await store.taskIDs(withPrefix: String(whole.prefix(8)), limit: 5).contains(ids[1]))
            #expect(try await store.taskIDs(withPrefix: "", limit: 2) == Array(ids.prefix(2)))
            for prefix in ["zz", "%", "_", "\(whole)0", "\(whole.prefix(8))\0", "é"] {
                #expect(try await store.taskIDs(withPrefix: prefix, limit: 5).isEmpty)
            }
        }
    }

    @Test(arguments: StoreBackend.all)
    func eventsGoOnFromWhereTheReaderStopped(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let ids = try await store.submit([spec(), spec()]).map(\.id)
            let lease = try #require(try await store.claim().first).lease
            clock.advance(by: 1)
            for step in 0..<5 { try await store.record(.progress, message: "\(step)", progress: nil, lease: lease) }
            let all = try await store.events(of: ids[0], after: 0)
            #expect(all.map(\.sequence) == all.map(\.sequence).sorted())
            #expect(all.map(\.attempt) == [0, 1, 1, 1, 1, 1, 1])
            #expect(all.last?.at == TestClock.start + 1)
            #expect(try await store.events(of: ids[0], after: all[3].sequence) == Array(all[4...]))
            #expect(try await store.events(of: ids[0], after: all[6].sequence).isEmpty)
            #expect(try await store.kinds(ids[1]) == [.submitted])
        }
    }

    @Test(arguments: StoreBackend.all)
    func theTokenChangesWithEveryWriteAndOnlyThen(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            var last = try await stores[0].changeToken()
            #expect(try await stores[0].changeToken() == last)
            for writer in stores {
                _ = try await writer.submit([spec()])
                let token = try await stores[0].changeToken()
                #expect(token != last)
                last = token
            }
            _ = try await stores[0].tasks(matching: TaskFilter())
            _ = try await stores[1].counts()
            #expect(try await stores[0].changeToken() == last)
        }
    }

    @Test(arguments: StoreBackend.all)
    func aClosedStoreSaysSo(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            await store.close()
            await store.close()
            #expect(await failureCode { _ = try await store.submit([spec()]) } == .closed)
            #expect(await failureCode { _ = try await store.task(id) } == .closed)
            #expect(await failureCode { _ = try await store.changeToken() } == .closed)
            #expect(await failureCode { _ = try await store.claim() } == .closed)
        }
    }

    @Test(arguments: StoreBackend.all)
    func knowsHowLongTasksHaveWaitedInEachQueue(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            #expect(try await store.waits().isEmpty)
            _ = try await store.submit([spec(queue: "a", priority: 5), spec(queue: "later", delay: 100)])
            clock.advance(by: 10)
            _ = try await store.submit([
                spec(queue: "b", image: "i", isolation: .container), spec(queue: "b", priority: -3),
            ])
            clock.advance(by: 5)
            _ = try await store.submit((0..<5).map { spec("\($0)", queue: "a", priority: $0 * 3) })
            #expect(
                try await store.waits() == [
                    QueueWait(queue: "a", longest: .seconds(15)), QueueWait(queue: "b", longest: .seconds(5)),
                ])
            // What runs or is delayed does not wait.
            _ = try await store.claim(9, queues: ["b"])
            #expect(try await store.waits().map(\.queue) == ["a"])
            clock.advance(by: 90)
            _ = try await store.claim(1, queues: ["none", "later"])
            #expect(try await store.waits().first { $0.queue == "later" } == nil)
        }
    }

    /// One with a thousand images hides nobody.
    @Test(arguments: StoreBackend.direct)
    func everyQueueHasItsWait(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit((0..<1050).map { spec(queue: "b", image: "image-\($0)") })
            _ = try await store.submit(["a", "c", "d"].map { spec(queue: $0) })
            clock.advance(by: 3)
            #expect(
                try await store.waits()
                    == ["a", "b", "c", "d"].map { QueueWait(queue: $0, longest: .seconds(3)) })
        }
    }

    @Test(arguments: StoreBackend.all)
    func claimsThatDoNotMeetHaveNoConflicts(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec()])
            _ = try await store.claim()
            #expect(store.takeClaimConflicts() == 0)
        }
    }
}
