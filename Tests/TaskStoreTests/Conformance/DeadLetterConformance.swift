import Foundation
import TaskModel
import TaskStore
import Testing

@Suite("Store: dead letters", .timeLimit(.minutes(3)))
struct DeadLetterConformance {
    /// Submits a task and lets its first attempt fail for good.
    private func kill(
        _ store: any TaskStore, _ name: String, queue: String = "q", outcome: TaskOutcome = .failed,
        because reason: String = "exit 3"
    ) async throws -> TaskID {
        let id = try await store.submit([spec(name, queue: queue)])[0].id
        let claims = try await store.claim(queues: [queue])
        let lease = try #require(claims.first { $0.task.id == id }).lease
        let end = AttemptResult(
            outcome: outcome, exitCode: 3, reason: reason, disposition: .deadLetter(countsAsFailure: true))
        #expect(try await store.finish(lease, end))
        return id
    }

    @Test(arguments: StoreBackend.all)
    func listsThemNewestFirstAndNothingElse(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, _ in
            #expect(try await store.deadLetters(matching: DeadLetterFilter()).isEmpty)
            let first = try await kill(store, "first")
            let second = try await kill(store, "second")
            let cancelled = try await store.submit([spec("cancelled")])[0].id
            _ = try await store.cancel(cancelled, reason: "unwanted")
            _ = try await store.submit([spec("waits")])
            let letters = try await store.deadLetters(matching: DeadLetterFilter())
            #expect(letters.map(\.id) == [second, first])
            #expect(letters.first == (try await store.task(second)))
            #expect(try await store.deadLetters(matching: DeadLetterFilter(limit: 1)).map(\.id) == [second])
            #expect(try await store.deadLetters(matching: DeadLetterFilter(limit: 0)).isEmpty)
        }
    }

    @Test(arguments: StoreBackend.all)
    func filtersByQueueReasonOutcomeAgeAndID(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let old = try await kill(store, "old", queue: "a", because: "Connection Refused by 50% of_all")
            clock.advance(by: 60)
            let young = try await kill(store, "young", queue: "b", outcome: .timedOut, because: "too slow")
            func found(_ filter: DeadLetterFilter) async throws -> [TaskID] {
                try await store.deadLetters(matching: filter).map(\.id)
            }
            #expect(try await found(DeadLetterFilter(queue: "a")) == [old])
            #expect(try await found(DeadLetterFilter(queue: "none")) == [])
            #expect(try await found(DeadLetterFilter(reason: "connection REFUSED")) == [old])
            // Not a pattern.
            #expect(try await found(DeadLetterFilter(reason: "50% of_all")) == [old])
            #expect(try await found(DeadLetterFilter(reason: "5%0")) == [])
            #expect(try await found(DeadLetterFilter(reason: "timed_out")) == [young])
            #expect(try await found(DeadLetterFilter(minAge: .seconds(60))) == [old])
            #expect(try await found(DeadLetterFilter(minAge: .milliseconds(60_001))) == [])
            #expect(try await found(DeadLetterFilter(minAge: .zero)) == [young, old])
            #expect(try await found(DeadLetterFilter(ids: [young, .next()])) == [young])
            #expect(try await found(DeadLetterFilter(ids: [TaskID(rawValue: "a\"b\\")])) == [])
            #expect(try await found(DeadLetterFilter(ids: [])) == [])
            #expect(try await found(DeadLetterFilter(ids: [young], queue: "a")) == [])
        }
    }

    @Test(arguments: StoreBackend.all)
    func requeuesThoseThatFitWithFreshCounts(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let first = try await kill(store, "1")
            let second = try await kill(store, "2")
            let other = try await kill(store, "other", queue: "other")
            clock.advance(by: 5)
            #expect(try await store.requeue(deadLetters: DeadLetterFilter(queue: "q", limit: 1)) == [first])
            #expect(try await store.requeue(deadLetters: DeadLetterFilter(queue: "q")) == [second])
            #expect(try await store.requeue(deadLetters: DeadLetterFilter(queue: "q")) == [])
            let task = try #require(try await store.task(first))
            #expect(task.state == .enqueued)
            #expect(task.failures == 0 && task.deliveries == 0 && task.reason == nil && task.finishedAt == nil)
            #expect(task.runAt == TestClock.start + 5)
            #expect(try await store.kinds(first).last == .requeued)
            #expect(try await store.task(other)?.state == .error)
            #expect(try await store.tally() == [.enqueued: 2, .error: 1])
            #expect(store.names(try await store.claim(9)) == ["1", "2"])
        }
    }

    @Test(arguments: StoreBackend.all)
    func purgingLeavesNoTraceAndTouchesNothingElse(_ backend: StoreBackend) async throws {
        try await backend.withStore { store, clock in
            let old = try await kill(store, "old")
            clock.advance(by: 100)
            let young = try await kill(store, "young")
            let alive = try await store.submit([spec("alive")])[0].id
            let all = DeadLetterFilter(ids: [old, young, alive], minAge: .seconds(100))
            #expect(try await store.purge(deadLetters: all) == [old])
            #expect(try await store.task(old) == nil)
            #expect(try await store.attempts(of: old).isEmpty)
            #expect(try await store.events(of: old, after: 0).isEmpty)
            #expect(try await store.taskIDs(withPrefix: old.rawValue, limit: 5).isEmpty)
            #expect(try await store.task(young)?.state == .error)
            #expect(try await store.attempts(of: young).count == 1)
            #expect(try await store.tally() == [.error: 1, .enqueued: 1])
            #expect(try await store.purge(deadLetters: DeadLetterFilter()) == [young])
            #expect(try await store.tally() == [.enqueued: 1])
            // Neither numbers nor ids come back.
            let next = try await kill(store, "next")
            #expect(try await store.kinds(next) == [.submitted, .claimed, .failed, .deadLettered])
        }
    }
}
