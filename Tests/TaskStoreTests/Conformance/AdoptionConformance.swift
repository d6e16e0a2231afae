import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: adoption", .timeLimit(.minutes(3)))
struct AdoptionConformance {
    private let carol = SupervisorID(rawValue: "carol")

    private func adopt(
        _ lease: Lease, in store: any TaskStore, from previous: [SupervisorID] = [alice], by: SupervisorID = bob
    ) async throws -> ClaimedTask? {
        try await store.adopt(lease, from: previous, by: by, host: "host", for: .seconds(30))
    }

    @Test(arguments: StoreBackend.all)
    func theSameAttemptGoesOnUnderANewLease(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            let old = try #require(try await store.claim(by: alice, lease: .seconds(10)).first).lease
            _ = try await store.start(old, worker: WorkerID(rawValue: "w1"), at: TestClock.start)
            clock.advance(by: 9)
            let claim = try #require(try await adopt(old, in: store))
            #expect(claim.lease.taskID == id && claim.lease.attempt == 1 && claim.lease.token != old.token)
            #expect(claim.task.state == .inProgress && claim.task.worker == WorkerID(rawValue: "w1"))
            clock.advance(by: 29)
            #expect(try await store.recoverExpired(maxDeliveries: 5).isEmpty)
            #expect(try await store.finish(claim.lease, .success))
            let attempts = try await store.attempts(of: id)
            #expect(attempts.count == 1 && attempts[0].supervisor == bob && attempts[0].outcome == .succeeded)
            #expect(try await store.kinds(id).suffix(2) == [.adopted, .completed])
        }
    }

    @Test(arguments: StoreBackend.all)
    func whatTheOldOneStillWritesIsRefused(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let old = try #require(try await store.claim(by: alice).first).lease
            _ = try #require(try await adopt(old, in: store))
            #expect(try await !store.finish(old, .failure(.deadLetter(countsAsFailure: true))))
            #expect(try await store.renew([old], for: .seconds(60)).map(\.isHeld) == [false])
            #expect(try await !store.start(old, worker: .random(), at: TestClock.start))
            #expect(try await store.task(id)?.state == .inProgress)
            #expect(try await store.release(leasesOf: [alice], maxDeliveries: 5).isEmpty)
        }
    }

    /// The agent knows the token of the first claim, however often its attempt was taken over.
    @Test(arguments: StoreBackend.all)
    func itIsTakenOverAgainByTheTokenOfTheClaim(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec()])
            let claimed = try #require(try await store.claim(by: alice).first).lease
            let second = try #require(try await adopt(claimed, in: store)).lease
            let third = try #require(try await adopt(claimed, in: store, from: [bob], by: carol)).lease
            #expect(Set([claimed.token, second.token, third.token]).count == 3)
            #expect(try await adopt(second, in: store, from: [carol], by: alice) == nil)
            #expect(try await store.finish(third, .success))
        }
    }

    /// As is tried when the answer was lost.
    @Test(arguments: StoreBackend.all)
    func whoHasItAlreadyTakesItOverOnceMore(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec()])
            let claimed = try #require(try await store.claim(by: alice).first).lease
            let lost = try #require(try await adopt(claimed, in: store, from: [alice, bob])).lease
            let had = try #require(try await adopt(claimed, in: store, from: [alice, bob])).lease
            #expect(lost.token != had.token)
            #expect(try await !store.finish(lost, .success))
            #expect(try await store.finish(had, .success))
        }
    }

    @Test(arguments: StoreBackend.all)
    func onlyFromThoseThatEndedAndOnlyOnce(_ backend: StoreBackend) async throws {
        try await backend.withStores(2) { stores, _ in
            _ = try await stores[0].submit([spec()])
            let lease = try #require(try await stores[0].claim(by: alice).first).lease
            #expect(try await adopt(lease, in: stores[0], from: [carol]) == nil)
            #expect(try await adopt(lease, in: stores[0], from: []) == nil)
            let wrong = Lease(taskID: lease.taskID, attempt: 1, token: lease.token &+ 1)
            #expect(try await adopt(wrong, in: stores[0]) == nil)
            async let first = adopt(lease, in: stores[0], by: bob)
            async let second = adopt(lease, in: stores[1], by: carol)
            let both = try await [first, second]
            #expect(both.count { $0 != nil } == 1)
        }
    }

    @Test(arguments: StoreBackend.all)
    func notOnceItWentBackToTheQueue(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec()])
            let lease = try #require(try await store.claim(by: alice, lease: .seconds(1)).first).lease
            clock.advance(by: 1)
            _ = try await store.recoverExpired(maxDeliveries: 5)
            #expect(try await adopt(lease, in: store) == nil)
            _ = try await store.claim(by: alice)
            #expect(try await adopt(lease, in: store) == nil)
        }
    }
}
