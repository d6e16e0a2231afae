import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: queries", .timeLimit(.minutes(1)))
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
    func countsWhatDemandsContainers(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([
                spec("1", queue: "a", isolation: .container), spec("2", queue: "a", isolation: .container),
                spec("3", queue: "b", isolation: .container), spec("4", queue: "a"),
                spec("5", queue: "a", delay: 60, isolation: .container),
            ])
            #expect(try await store.demandingContainers(queues: []) == 3)
            #expect(try await store.demandingContainers(queues: ["a"]) == 2)
            #expect(try await store.demandingContainers(queues: ["a", "b", "c"]) == 3)
            #expect(try await store.demandingContainers(queues: ["c"]) == 0)
            #expect(try await store.containerDemand(queues: []) == ["a": 2, "b": 1])
            #expect(try await store.containerDemand(queues: ["b", "c"]) == ["b": 1])
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

    @Test(arguments: StoreBackend.all)
    func claimsThatDoNotMeetHaveNoConflicts(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec()])
            _ = try await store.claim()
            #expect(store.takeClaimConflicts() == 0)
        }
    }
}
