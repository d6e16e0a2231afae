import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: recovery", .timeLimit(.minutes(3)))
struct RecoveryConformance {
    @Test(arguments: StoreBackend.all)
    func staleTasksGoBackToTheQueue(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            _ = try await store.claim(lease: .seconds(30))
            clock.advance(by: 29.999)
            #expect(try await store.recoverExpired(maxDeliveries: 3).isEmpty)
            clock.advance(by: 0.001)
            #expect(try await store.recoverExpired(maxDeliveries: 3) == [id])
            #expect(try await store.recoverExpired(maxDeliveries: 3).isEmpty)
            let task = try #require(try await store.task(id))
            #expect(task.state == .enqueued)
            #expect(task.interruptions == 1)
            #expect(task.failures == 0)
            #expect(task.outcome == .leaseLost)
            #expect(try await store.kinds(id).last == .requeuedStale)
            #expect(try await store.attempts(of: id).map(\.outcome) == [.leaseLost])
            #expect(try await store.claim().first?.lease.attempt == 2)
        }
    }

    /// What a task failed by itself is its retry policy's matter.
    @Test(arguments: StoreBackend.all)
    func failuresDoNotUseUpWhatIsThereForLostAttempts(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            for _ in 1...3 {
                let lease = try #require(try await store.claim().first).lease
                #expect(try await store.finish(lease, .failure(.retry(delay: 0))))
            }
            for fate in [RecoveredTask.Fate.requeued, .exhausted] {
                _ = try #require(try await store.claim(lease: .seconds(1)).first)
                clock.advance(by: 1)
                #expect(try await store.stale(maxDeliveries: 2, sparing: []).map(\.fate) == [fate])
                #expect(try await store.recoverExpired(maxDeliveries: 2, sparing: []).map(\.fate) == [fate])
            }
            let task = try #require(try await store.task(id))
            #expect(task.failures == 3 && task.interruptions == 2 && task.deliveries == 5)
            #expect(task.reason?.hasPrefix("RETRIES_EXHAUSTED: delivered 2 times without an end") == true)
        }
    }

    /// A clock that jumps must not take the leases of whoever asks and still renews them.
    @Test(arguments: StoreBackend.all)
    func sparesTheLeasesOfWhoAsks(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            _ = try await store.submit([spec("1"), spec("2"), spec("3")])
            let mine = try await store.claim(2, by: alice)
            let other = try #require(try await store.claim(by: bob).first)
            clock.advance(by: 3600)
            // One of its own that it knows nothing of any more is not spared.
            let recovered = try await store.recoverExpired(maxDeliveries: 3, sparing: [mine[0].lease]).map(\.task)
            #expect(Set(recovered) == [mine[1].task.id, other.task.id])
            #expect(try await store.renew([mine[0].lease], for: .seconds(30)).map(\.isHeld) == [true])
            #expect(try await store.tally() == [.enqueued: 2, .inProgress: 1])
        }
    }

    @Test(arguments: StoreBackend.all)
    func saysWhatItWouldDoAndWhatItDidInTheSameWords(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let ids = try await store.submit((1...5).map { spec("\($0)") }).map(\.id)
            let poison = try #require(try await store.claim(lease: .seconds(1)).first).task.id
            clock.advance(by: 1)
            _ = try await store.recoverExpired(maxDeliveries: 2)
            let claims = try await store.claim(4, lease: .seconds(10))
            _ = try await store.claim(lease: .seconds(99))
            _ = try await store.cancel(claims[1].task.id, reason: "unwanted")
            #expect(try await store.stale(maxDeliveries: 2, sparing: []).isEmpty)
            clock.advance(by: 10)
            let token = try await store.changeToken()
            let seen = try await store.stale(maxDeliveries: 2, sparing: [claims[3].lease])
            #expect(try await store.changeToken() == token)
            let expected: [TaskID: RecoveredTask.Fate] = [
                poison: .exhausted, claims[1].task.id: .cancelled, claims[2].task.id: .requeued,
            ]
            #expect(Dictionary(uniqueKeysWithValues: seen.map { ($0.task, $0.fate) }) == expected)
            #expect(seen.allSatisfy { $0.host == "host" })
            #expect(seen.first { $0.task == poison }?.attempt == 2)
            #expect(try await store.tally() == [.inProgress: 5])
            #expect(try await store.recoverExpired(maxDeliveries: 2, sparing: [claims[3].lease]) == seen)
            #expect(try await store.task(poison)?.state == .error)
            #expect(Set(ids).count == 5)
        }
    }

    @Test(arguments: StoreBackend.all)
    func poisonEndsAsADeadLetterAfterItsDeliveries(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            for delivery in 1...3 {
                #expect(try await store.claim(lease: .seconds(1)).first?.lease.attempt == delivery)
                clock.advance(by: 1)
                #expect(try await store.recoverExpired(maxDeliveries: 3) == [id])
            }
            let task = try #require(try await store.task(id))
            #expect(task.state == .error)
            #expect(task.reason?.hasPrefix("RETRIES_EXHAUSTED") == true)
            #expect(task.interruptions == 3)
            #expect(task.finishedAt == clock.now())
            #expect(try await store.kinds(id).suffix(2) == [.retriesExhausted, .deadLettered])
            #expect(try await store.claim().isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func requeueingGivesAPoisonTaskAllItsDeliveriesAgain(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            _ = try await store.claim(lease: .seconds(1))
            clock.advance(by: 1)
            _ = try await store.recoverExpired(maxDeliveries: 1)
            #expect(try await store.requeue(id)?.state == .enqueued)
            #expect(try await store.claim(lease: .seconds(1)).first?.lease.attempt == 2)
            clock.advance(by: 1)
            _ = try await store.recoverExpired(maxDeliveries: 2)
            #expect(try await store.task(id)?.state == .enqueued)
        }
    }

    @Test(arguments: StoreBackend.all)
    func deadSupervisorsLoseTheirLeasesAtOnceAndOthersDoNot(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            _ = try await store.submit([spec("1"), spec("2"), spec("3")])
            let lost = try await store.claim(2, by: alice).map(\.task.id)
            let kept = try #require(try await store.claim(by: bob).first).lease
            let dead = [alice, SupervisorID(rawValue: "nobody"), alice]
            #expect(try await Set(store.release(leasesOf: dead, maxDeliveries: 5).map(\.task)) == Set(lost))
            #expect(try await store.release(leasesOf: dead, maxDeliveries: 5).isEmpty)
            #expect(try await store.tally() == [.enqueued: 2, .inProgress: 1])
            #expect(try await store.finish(kept, .success))
        }
    }

    @Test(arguments: StoreBackend.all)
    func aTaskThatWasAskedToStopIsNotRunAgain(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            _ = try await store.claim(lease: .seconds(1))
            _ = try await store.cancel(id, reason: "unwanted")
            clock.advance(by: 1)
            #expect(try await store.recoverExpired(maxDeliveries: 5) == [id])
            #expect(try await store.task(id)?.state == .cancelled)
            #expect(try await store.kinds(id).last == .cancelled)
        }
    }

    @Test(arguments: StoreBackend.all)
    func endsManyLeases(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let ids = try await store.submit((0..<1200).map { spec("\($0)") }).map(\.id)
            _ = try await store.claim(1000, lease: .seconds(1))
            _ = try await store.claim(200, lease: .seconds(1))
            clock.advance(by: 1)
            #expect(try await Set(store.recoverExpired(maxDeliveries: 5)) == Set(ids))
            #expect(try await store.tally() == [.enqueued: 1200])
        }
    }
}
