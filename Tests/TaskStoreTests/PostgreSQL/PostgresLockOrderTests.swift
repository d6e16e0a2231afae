import PostgreSQL
import TaskModel
import Testing

@testable import TaskStore

/// The row in which a store counts its changes is the last that its statements lock: two of them that locked others after it
/// would wait for each other.
@Suite("PostgreSQL: the order of locks", .timeLimit(.minutes(3)))
struct PostgresLockOrderTests {
    /// Runs `body` until it waits for the row of `change`, and expects that it has locked every row of `table` before.
    private func expectLocked(
        _ table: String, in place: PostgresPlace, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let gate = try await PostgresConnection.open(ConnectionTarget(place.url))
        try await gate.runScript("BEGIN; SELECT FROM acode.change FOR UPDATE", operation: "test")
        async let done: Void = body()
        try await place.waitForBlocked(1)
        let all = try await place.run("SELECT count(*) FROM acode.\(table)")
        #expect(try all[0].first?.int(0) == 1)
        let free = try await place.run("SELECT 1 FROM acode.\(table) FOR UPDATE SKIP LOCKED")
        #expect(free[0].count == 0, "\(table)")
        try await gate.runScript("COMMIT", operation: "test")
        try await done
        await gate.close()
    }

    /// A unique key is also locked by who forgets the task that has it.
    @Test(arguments: ["unique_claim", "checkpoint"])
    func aTaskThatBeginsAgain(table: String) async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            var unique = spec()
            unique.unique = UniqueKey("k")
            _ = try await store.submit([unique])
            let lease = try #require(try await store.claim().first).lease
            _ = try await store.save(CheckpointDraft(phase: 1), lease: lease)
            #expect(try await store.finish(lease, .failure(.deadLetter(countsAsFailure: true))))
            try await expectLocked(table, in: place) {
                let task = try await store.requeue(lease.taskID, fromStart: true)
                #expect(task?.state == .enqueued)
            }
            await store.close()
        }
    }

    /// Whoever submits tasks with the keys of the others need not wait.
    @Test func aPageOfDeadLettersHoldsTheKeysOfThatPage() async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            _ = try await store.submit(
                (0..<30).map { number in
                    var unique = spec()
                    unique.unique = UniqueKey("\(number)")
                    return unique
                })
            for claim in try await store.claim(30) {
                #expect(try await store.finish(claim.lease, .failure(.deadLetter(countsAsFailure: true))))
            }
            let gate = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await gate.runScript("BEGIN; SELECT FROM acode.change FOR UPDATE", operation: "test")
            async let requeued = store.requeue(deadLetters: DeadLetterFilter(limit: 2), fromStart: true)
            try await place.waitForBlocked(1)
            let held = try await place.run(
                """
                SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = \(PostgresSchema.uniqueLocks)
                    AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
            #expect(try held[0].first?.int(0) == 2)
            try await gate.runScript("COMMIT", operation: "test")
            #expect(try await requeued.count == 2)
            await gate.close()
            await store.close()
        }
    }

    @Test(arguments: ["task_state", "checkpoint"])
    func aCheckpoint(table: String) async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            _ = try await store.submit([spec()])
            let lease = try #require(try await store.claim().first).lease
            _ = try await store.save(CheckpointDraft(phase: 1), lease: lease)
            try await expectLocked(table, in: place) {
                let saved = try await store.save(CheckpointDraft(phase: 1), lease: lease)
                #expect(saved == .saved(number: 2))
            }
            try await expectLocked(table, in: place) {
                let isHeld = try await store.discard(checkpointsAfter: 0, because: "broken", lease: lease)
                #expect(isHeld)
            }
            await store.close()
        }
    }
}
