import Foundation
import TaskModel
import TaskStore
import Testing

/// Two stores want the same lease or the same task at the same time: one of them has it, and both know which.
@Suite("Store: races about a lease", .timeLimit(.minutes(5)))
struct LeaseRaceConformance {
    private static let count = 60

    /// Leases of `alice` that have just run out.
    private func lapsed(_ store: any TaskStore, _ clock: TestClock) async throws -> [Lease] {
        let leases = try await held(store)
        clock.advance(by: 1)
        return leases
    }

    private func held(_ store: any TaskStore) async throws -> [Lease] {
        _ = try await store.submit((0..<Self.count).map { spec("\($0)") })
        let leases = try await store.claim(Self.count, lease: .seconds(1)).map(\.lease)
        #expect(leases.count == Self.count)
        return leases
    }

    private func adopt(_ lease: Lease, in store: any TaskStore) async throws -> Lease? {
        try await store.adopt(lease, from: [alice], by: bob, host: "host", for: .seconds(30))?.lease
    }

    /// What each came to, all asked at once.
    private func each<Item: Hashable & Sendable, Value: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Value
    ) async throws -> [Item: Value] {
        try await withThrowingTaskGroup(of: (Item, Value).self) { group in
            for item in items { group.addTask { (item, try await body(item)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    @Test(arguments: StoreBackend.all)
    func anAttemptIsTakenOverOrRecovered(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let leases = try await lapsed(stores[0], clock)
            async let recovery = stores[1].recoverExpired(maxDeliveries: 9)
            let adopted = try await each(leases) { try await adopt($0, in: stores[0]) }.compactMapValues { $0 }
            let recovered = Set(try await recovery)
            #expect(recovered.isDisjoint(with: adopted.keys.map(\.taskID)))
            #expect(recovered.count + adopted.count == Self.count)
            for lease in adopted.values { #expect(try await stores[1].finish(lease, .success)) }
            let tally = try await stores[0].tally()
            #expect(tally[.complete, default: 0] == adopted.count)
            #expect(tally[.enqueued, default: 0] == recovered.count)
        }
    }

    @Test(arguments: StoreBackend.all)
    func anAttemptIsTakenOverOrEnded(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            let leases = try await held(stores[0])
            async let adoption = each(leases) { try await adopt($0, in: stores[1]) }
            let ended = try await each(leases) { try await stores[0].finish($0, .success) }
            let adopted = try await adoption
            for lease in leases {
                let new = try #require(adopted[lease])
                #expect(ended[lease] == (new == nil))
                if let new { #expect(try await stores[0].finish(new, .success)) }
            }
            #expect(try await stores[0].tally() == [.complete: Self.count])
        }
    }

    @Test(arguments: StoreBackend.all)
    func aRenewalComesBeforeARecoveryOrFindsNothing(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let leases = try await lapsed(stores[0], clock)
            async let recovery = stores[1].recoverExpired(maxDeliveries: 9)
            // A few at once, as supervisors do: one connection renews them.
            let groups = stride(from: 0, to: leases.count, by: 6).map { Array(leases[$0..<min($0 + 6, leases.count)]) }
            let answers = try await each(groups) { try await stores[0].renew($0, for: .seconds(30)) }
            let recovered = Set(try await recovery)
            let held = answers.values.joined().filter(\.isHeld).map(\.lease)
            for lease in leases { #expect(held.contains(lease) == !recovered.contains(lease.taskID)) }
            for lease in held { #expect(try await stores[1].finish(lease, .success)) }
        }
    }

    @Test(arguments: StoreBackend.all)
    func ofTwoScannersOneRecoversEachTask(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let leases = try await lapsed(stores[0], clock)
            async let first = stores[0].recoverExpired(maxDeliveries: 9)
            let second = Set(try await stores[1].recoverExpired(maxDeliveries: 9))
            let recovered = second.union(try await first)
            #expect(try await second.isDisjoint(with: first))
            #expect(recovered == Set(leases.map(\.taskID)))
            for id in recovered { #expect(try await stores[0].task(id)?.interruptions == 1) }
        }
    }

    @Test(arguments: StoreBackend.all)
    func aCheckpointIsSavedBeforeARecoveryOrRefused(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let leases = try await lapsed(stores[0], clock)
            async let recovery = stores[1].recoverExpired(maxDeliveries: 9)
            let saved = try await each(leases) { try await stores[0].save(CheckpointDraft(phase: 7), lease: $0) }
            #expect(try await recovery.count == Self.count)
            for lease in leases {
                let phases = try await stores[1].checkpoints(of: lease.taskID).map(\.phase)
                #expect(phases == (saved[lease] == .leaseLost ? [] : [7]))
                #expect(try await stores[1].task(lease.taskID)?.checkpoint?.phase == phases.first)
            }
        }
    }

    @Test(arguments: StoreBackend.all)
    func aTaskIsClaimedInTimeOrExpires(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            let mortals = (0..<Self.count).map { number in
                var task = spec("\(number)")
                task.ttl = 5
                return task
            }
            let ids = try await stores[0].submit(mortals).map(\.id)
            clock.advance(by: 4.999)
            async let claims = withThrowingTaskGroup(of: [TaskID].self) { group in
                for _ in 0..<Self.count { group.addTask { try await stores[0].claim().map(\.task.id) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            clock.advance(by: 0.001)
            var expired = try await stores[1].expire()
            let claimed = try await claims
            expired += try await stores[1].expire()
            #expect(Set(claimed).isDisjoint(with: expired))
            #expect(Set(claimed + expired) == Set(ids) && claimed.count + expired.count == ids.count)
            let tally = try await stores[0].tally()
            #expect(tally[.inProgress, default: 0] == claimed.count && tally[.error, default: 0] == expired.count)
        }
    }

    @Test(arguments: StoreBackend.all)
    func nothingIsClaimedOfAQueueOnceItsPauseIsKnown(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            _ = try await stores[0].submit((0..<Self.count).map { spec("\($0)") })
            async let claims = withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<Self.count { group.addTask { try await stores[0].claim().count } }
                return try await group.reduce(0, +)
            }
            _ = try await stores[1].control(TaskSpec.defaultQueue, .pause(by: "tester", reason: nil))
            #expect(try await stores[0].claim(9).isEmpty)
            let claimed = try await claims
            let tally = try await stores[0].tally()
            #expect(tally[.inProgress, default: 0] == claimed)
            #expect(tally[.enqueued, default: 0] == Self.count - claimed)
        }
    }

    @Test(arguments: StoreBackend.all)
    func aDeadLetterIsPutBackOnceByTwo(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            let leases = try await held(stores[0])
            for lease in leases {
                #expect(try await stores[0].finish(lease, .failure(.deadLetter(countsAsFailure: true))))
            }
            async let first = each(leases) { try await stores[0].requeue($0.taskID)?.state }
            let second = try await each(leases) { try await stores[1].requeue($0.taskID)?.state }
            for lease in leases {
                #expect(try await first[lease] == .enqueued && second[lease] == .enqueued)
                #expect(try await stores[0].kinds(lease.taskID).count { $0 == .requeued } == 1)
            }
            #expect(try await stores[0].claim(Self.count * 2).count == Self.count)
        }
    }
}
