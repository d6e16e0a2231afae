import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: cancel and requeue", .timeLimit(.minutes(3)))
struct CancelConformance {
    @Test(arguments: StoreBackend.all, [0.0, 60.0])
    func cancelsAtOnceWhatDoesNotRun(_ backend: StoreBackend, delay: Double) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec(delay: delay)])[0].id
            let cancelled = try #require(try await store.cancel(id, reason: "unwanted"))
            #expect(cancelled.state == .cancelled)
            #expect(cancelled.outcome == .cancelled)
            #expect(cancelled.reason == "unwanted")
            #expect(cancelled.finishedAt == TestClock.start)
            #expect(try await store.task(id) == cancelled)
            #expect(try await store.kinds(id) == [.submitted, .cancelled])
            clock.advance(by: 100)
            #expect(try await store.claim().isEmpty)
            #expect(try await store.cancel(id, reason: "again") == cancelled)
        }
    }

    @Test(arguments: StoreBackend.all)
    func asksTheHolderOfWhatRunsAndOnlyOnce(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            for _ in 0..<2 {
                let asked = try #require(try await store.cancel(id, reason: "unwanted"))
                #expect(asked.state == .inProgress)
                #expect(asked.cancelRequested)
            }
            #expect(try await store.kinds(id) == [.submitted, .claimed, .cancelRequested])
            #expect(
                try await store.renew([lease], for: .seconds(30))
                    == [LeaseStatus(lease: lease, isHeld: true, cancelRequested: true)])
            let stopped = AttemptResult(outcome: .cancelled, reason: "stopped on request", disposition: .cancel)
            #expect(try await store.finish(lease, stopped))
            #expect(try await store.task(id)?.state == .cancelled)
            #expect(try await store.kinds(id).last == .cancelled)
        }
    }

    @Test(
        arguments: StoreBackend.all,
        [
            (Disposition.retry(delay: 1), TaskState.cancelled), (.abandon(delay: 0), .cancelled),
            (.complete, .complete), (.deadLetter(countsAsFailure: true), .error),
        ])
    func anAttemptThatEndsAfterwardsIsNotFollowedByAnother(
        _ backend: StoreBackend, _ row: (disposition: Disposition, state: TaskState)
    ) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            let lease = try #require(try await store.claim().first).lease
            _ = try await store.cancel(id, reason: "unwanted")
            #expect(try await store.finish(lease, .failure(row.disposition)))
            #expect(try await store.task(id)?.state == row.state)
            #expect(try await store.task(id)?.finishedAt == TestClock.start)
        }
    }

    @Test(arguments: StoreBackend.all)
    func anUnknownTaskIsNil(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            for id in [TaskID.next(), TaskID(rawValue: ""), TaskID(rawValue: "a\0b"), TaskID(rawValue: "'; --")] {
                let cancelled = try await store.cancel(id, reason: "x")
                #expect(cancelled == nil)
                #expect(try await store.requeue(id) == nil)
                #expect(try await store.task(id) == nil)
                #expect(try await store.events(of: id, after: 0).isEmpty)
            }
        }
    }

    @Test(arguments: StoreBackend.all)
    func requeueBeginsAgainWithFreshCounts(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let id = try await store.submit([spec()])[0].id
            let first = try #require(try await store.claim().first).lease
            #expect(try await store.finish(first, .failure(.deadLetter(countsAsFailure: true))))
            clock.advance(by: 9)
            let task = try #require(try await store.requeue(id))
            #expect(task.state == .enqueued)
            #expect(task.failures == 0)
            #expect(task.interruptions == 0)
            #expect(task.finishedAt == nil)
            #expect(task.runAt == TestClock.start + 9)
            #expect(task.attempt == 1)
            #expect(task.deliveries == 0)
            #expect(try await store.claim().first?.lease.attempt == 2)
            #expect(try await store.attempts(of: id).map(\.outcome) == [.failed, nil])
        }
    }

    @Test(arguments: StoreBackend.all)
    func requeueRevivesACancelledTask(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let id = try await store.submit([spec()])[0].id
            _ = try await store.cancel(id, reason: "unwanted")
            #expect(try await store.requeue(id)?.cancelRequested == false)
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .interruption))
            #expect(try await store.task(id)?.state == .enqueued)
        }
    }

    @Test(arguments: StoreBackend.all)
    func requeueLeavesOtherStatesAlone(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            let task = try await store.submit([spec()])[0]
            #expect(try await store.requeue(task.id) == task)
            let claimed = try #require(try await store.claim().first)
            #expect(try await store.requeue(task.id) == claimed.task)
            #expect(try await store.finish(claimed.lease, .success))
            #expect(try await store.requeue(task.id)?.state == .complete)
            #expect(try await store.kinds(task.id) == [.submitted, .claimed, .completed])
        }
    }
}
