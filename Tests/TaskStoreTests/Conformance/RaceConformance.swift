import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: races between supervisors", .timeLimit(.minutes(5)))
struct RaceConformance {
    @Test(arguments: StoreBackend.all)
    func noTaskIsClaimedTwice(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            let ids = try await stores[0].submit((0..<500).map { spec("\($0)", priority: $0 % 3) }).map(\.id)
            let claimed = try await withThrowingTaskGroup(of: [TaskID].self) { group in
                for claimer in 0..<8 {
                    group.addTask {
                        let store = stores[claimer % 2]
                        let me = SupervisorID(rawValue: "s\(claimer)")
                        var mine: [TaskID] = []
                        while true {
                            let batch = try await store.claim(1 + claimer % 4, by: me)
                            guard !batch.isEmpty else { return mine }
                            for task in batch {
                                #expect(try await store.start(task.lease, worker: .random(), at: TestClock.start))
                            }
                            let results = batch.map { (lease: $0.lease, result: AttemptResult.success) }
                            #expect(try await store.finish(results).count == batch.count)
                            mine += batch.map(\.task.id)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 500)
            #expect(Set(claimed) == Set(ids))
            #expect(try await stores[1].tally() == [.complete: 500])
            for id in ids { #expect(try await stores[0].attempts(of: id).count == 1) }
        }
    }

    @Test(arguments: StoreBackend.all)
    func ofManyImagesEachTaskIsClaimedOnceAndTheBestFirst(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            let specs = (0..<300).map { number in
                spec("\(number)", queue: "q\(number % 2)", priority: number % 5, image: "image:\(number % 30)")
            }
            _ = try await stores[0].submit(specs)
            let best = try await stores[0].claim(70)
            #expect(best.filter { $0.task.spec.priority == 4 }.count == 60 && best.count == 70)
            let claimed = try await withThrowingTaskGroup(of: [TaskID].self) { group in
                for claimer in 0..<6 {
                    group.addTask {
                        var mine: [TaskID] = []
                        while true {
                            let me = SupervisorID(rawValue: "s\(claimer)")
                            let batch = try await stores[claimer % 2].claim(7, by: me)
                            guard !batch.isEmpty else { return mine }
                            mine += batch.map(\.task.id)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(claimed + best.map(\.task.id)).count == 300 && claimed.count == 230)
        }
    }

    @Test(arguments: StoreBackend.all)
    func anEndAndARecoveryNeverBothCount(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let ids = try await stores[0].submit((0..<200).map { spec("\($0)") }).map(\.id)
            let leases = try await stores[0].claim(200, lease: .seconds(1)).map(\.lease)
            clock.advance(by: 1)
            async let recovered = stores[1].recoverExpired(maxDeliveries: 9)
            let finished = try await withThrowingTaskGroup(of: TaskID?.self) { group in
                for lease in leases {
                    group.addTask { try await stores[0].finish(lease, .success) ? lease.taskID : nil }
                }
                return try await group.reduce(into: Set<TaskID>()) { if let id = $1 { $0.insert(id) } }
            }
            let lapsed = Set(try await recovered)
            #expect(finished.isDisjoint(with: lapsed))
            #expect(finished.union(lapsed) == Set(ids))
            let tally = try await stores[0].tally()
            #expect(tally[.complete, default: 0] == finished.count)
            #expect(tally[.enqueued, default: 0] == lapsed.count)
        }
    }

    @Test(arguments: StoreBackend.all)
    func aCancelIsEitherSeenOrTooLate(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            for _ in 0..<50 {
                let id = try await stores[0].submit([spec()])[0].id
                async let answer = stores[1].cancel(id, reason: "unwanted")
                let claimed = try await stores[0].claim().first
                let state = try #require(try await answer).state
                if let claimed {
                    #expect(state == .inProgress)
                    #expect(try await stores[0].renew([claimed.lease], for: .seconds(9)).first?.cancelRequested == true)
                    #expect(try await stores[0].finish(claimed.lease, .interruption))
                } else {
                    #expect(state == .cancelled)
                }
                #expect(try await stores[0].task(id)?.state == .cancelled)
            }
        }
    }

    @Test(arguments: StoreBackend.all)
    func everyConcurrentSubmitIsKept(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            let ids = try await withThrowingTaskGroup(of: TaskID.self) { group in
                for number in 0..<400 {
                    group.addTask { try await stores[number % 2].submit([spec("\(number)")])[0].id }
                }
                return try await group.reduce(into: Set<TaskID>()) { $0.insert($1) }
            }
            #expect(ids.count == 400)
            #expect(try await stores[0].tally() == [.enqueued: 400])
        }
    }
}
