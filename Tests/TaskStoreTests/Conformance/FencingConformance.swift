import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: leases fence every write", .timeLimit(.minutes(3)))
struct FencingConformance {
    /// What must not change when a stale lease writes.
    private func everything(_ store: any TaskStore, _ id: TaskID) async throws -> (QueuedTask?, [TaskAttempt], Int) {
        let events = try await store.events(of: id, after: 0)
        return (try await store.task(id), try await store.attempts(of: id), events.count)
    }

    private func refusesAll(_ store: any TaskStore, _ stale: Lease) async throws {
        let before = try await everything(store, stale.taskID)
        #expect(try await !store.start(stale, worker: .random(), at: TestClock.start))
        #expect(try await !store.finish(stale, .success))
        #expect(
            try await store.renew([stale], for: .seconds(99))
                == [LeaseStatus(lease: stale, isHeld: false, cancelRequested: false)])
        try await store.record(.progress, message: "stale", progress: 99, lease: stale)
        let after = try await everything(store, stale.taskID)
        #expect(before == after)
    }

    @Test(arguments: StoreBackend.all)
    func aTokenThatWasNeverGivenIsRefused(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec()])
            let lease = try #require(try await store.claim().first).lease
            try await refusesAll(
                store, Lease(taskID: lease.taskID, attempt: lease.attempt, token: lease.token &+ 1))
            try await refusesAll(store, Lease(taskID: .next(), attempt: 1, token: lease.token))
            #expect(try await store.finish(lease, .success))
        }
    }

    @Test(arguments: StoreBackend.all)
    func theLeaseOfAFinishedAttemptIsRefused(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec()])
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .success))
            try await refusesAll(store, lease)
        }
    }

    @Test(arguments: StoreBackend.all)
    func theOldHolderCannotTouchTheNewAttempt(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, clock in
            _ = try await stores[0].submit([spec()])
            let old = try #require(try await stores[0].claim(by: alice, lease: .seconds(10)).first).lease
            clock.advance(by: 10)
            #expect(try await stores[1].recoverExpired(maxDeliveries: 5) == [old.taskID])
            try await refusesAll(stores[0], old)
            let new = try #require(try await stores[1].claim(by: bob).first).lease
            try await refusesAll(stores[0], old)
            #expect(try await stores[1].finish(new, .success))
            try await refusesAll(stores[0], old)
        }
    }

    @Test(arguments: StoreBackend.all)
    func anExpiredLeaseThatNobodyEndedIsStillGood(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec(), spec()])
            let leases = try await store.claim(2, lease: .seconds(1)).map(\.lease)
            clock.advance(by: 60)
            #expect(try await store.renew([leases[0]], for: .seconds(30)).first?.isHeld == true)
            #expect(try await store.finish(leases[1], .success))
            #expect(try await store.recoverExpired(maxDeliveries: 5).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func renewalKeepsALeaseFromExpiring(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec("kept"), spec("lost")])
            let leases = try await store.claim(2, lease: .seconds(30)).map(\.lease)
            clock.advance(by: 20)
            let unknown = Lease(taskID: .next(), attempt: 1, token: 1)
            #expect(try await store.renew([leases[0], unknown], for: .seconds(30)).map(\.isHeld) == [true, false])
            clock.advance(by: 20)
            #expect(try await store.recoverExpired(maxDeliveries: 5) == [leases[1].taskID])
            clock.advance(by: 10)
            #expect(try await store.recoverExpired(maxDeliveries: 5) == [leases[0].taskID])
        }
    }
}
