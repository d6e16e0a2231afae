import TaskModel
import TaskStore
import Testing

/// the lease that heartbeats renew, and the end of all renewals.
@Suite("Store: longest leases", .timeLimit(.minutes(3)))
struct LongestLeaseConformance {
    private func spec(timeout: Double?) -> TaskSpec { TaskSpec(command: ["true"], timeout: timeout) }

    @Test(arguments: StoreBackend.all)
    func aLeaseCannotBeRenewedForEver(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec(timeout: nil)])[0].id
            let claim = try #require(
                try await store.claim(lease: .seconds(30), longest: LongestLease(.seconds(100))).first)
            #expect(claim.renewable == .seconds(100))
            for _ in 1...4 {
                clock.advance(by: 20)
                #expect(try await store.renew([claim.lease], for: .seconds(30)).map(\.isHeld) == [true])
            }
            clock.advance(by: 19.999)
            #expect(try await store.renew([claim.lease], for: .seconds(30)).map(\.isHeld) == [true])
            clock.advance(by: 0.001)
            #expect(try await store.renew([claim.lease], for: .seconds(30)).map(\.isHeld) == [false])
            // There is one lease left to end it in, and then nobody is spared.
            clock.advance(by: 29.998)
            #expect(try await store.recoverExpired(maxDeliveries: 5, sparing: [claim.lease]).isEmpty)
            clock.advance(by: 0.001)
            #expect(try await store.recoverExpired(maxDeliveries: 5, sparing: [claim.lease]).map(\.task) == [id])
            let told = try #require(try await store.events(of: id, after: 0).last)
            #expect(told.kind == .requeuedStale && told.message.contains("queue.maxLease"), "\(told.message)")
        }
    }

    @Test(arguments: StoreBackend.all)
    func anEndIsStillTakenAfterTheLastRenewal(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec(timeout: nil)])
            let lease = try #require(try await store.claim(longest: LongestLease(.seconds(10))).first).lease
            clock.advance(by: 11)
            #expect(try await store.renew([lease], for: .seconds(30)).map(\.isHeld) == [false])
            #expect(try await store.finish(lease, .success))
        }
    }

    /// The task's own time limit in seconds, the longest lease and its grace, and for how long it can be renewed.
    @Test(
        arguments: StoreBackend.all,
        [
            (nil, LongestLease(.seconds(100), grace: .seconds(10)), Duration.seconds(100)),
            (90, LongestLease(.seconds(100), grace: .seconds(10)), .seconds(100)),
            (90.5, LongestLease(.seconds(100), grace: .seconds(10)), .milliseconds(100_500)),
            (3600, LongestLease(.seconds(100), grace: .seconds(10)), .seconds(3610)), (3600, nil, nil), (nil, nil, nil),
        ] as [(Double?, LongestLease?, Duration?)])
    func theLargerOfTheTasksOwnTimeLimitCounts(
        _ backend: StoreBackend, _ row: (timeout: Double?, longest: LongestLease?, renewable: Duration?)
    ) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec(timeout: row.timeout)])
            let claim = try #require(try await store.claim(lease: .seconds(9999), longest: row.longest).first)
            #expect(claim.renewable == row.renewable)
            clock.advance(by: 7200)
            let isHeld = row.renewable.map { $0 > .seconds(7200) } ?? true
            #expect(try await store.renew([claim.lease], for: .seconds(30)).map(\.isHeld) == [isHeld])
        }
    }

    @Test(arguments: StoreBackend.all)
    func whoTakesAnAttemptOverKeepsItsDeadline(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec(timeout: nil)])
            let old = try #require(
                try await store.claim(by: alice, lease: .seconds(200), longest: LongestLease(.seconds(100))).first)
            clock.advance(by: 60)
            let new = try await store.adopt(old.lease, from: [alice], by: bob, host: "h", for: .seconds(200))
            let claim = try #require(new)
            #expect(claim.renewable == .seconds(40))
            clock.advance(by: 40)
            #expect(try await store.renew([claim.lease], for: .seconds(30)).map(\.isHeld) == [false])
            let late = try await store.adopt(old.lease, from: [bob], by: alice, host: "h", for: .seconds(30))
            #expect(late?.renewable == .zero)
        }
    }

    /// The next attempt has a deadline of its own.
    @Test(arguments: StoreBackend.all)
    func theNextAttemptBeginsAnew(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec(timeout: nil)])
            let first = try #require(try await store.claim(longest: LongestLease(.seconds(10))).first)
            clock.advance(by: 9)
            #expect(try await store.finish(first.lease, .failure(.retry(delay: 0))))
            let second = try #require(try await store.claim(longest: LongestLease(.seconds(10))).first)
            clock.advance(by: 9)
            #expect(try await store.renew([second.lease], for: .seconds(30)).map(\.isHeld) == [true])
        }
    }
}
