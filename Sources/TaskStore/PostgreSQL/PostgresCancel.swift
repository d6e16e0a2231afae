internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func cancel(_ task: TaskID, reason: String) async throws(StoreError) -> QueuedTask? {
        guard let id = UUIDBytes(task.rawValue) else { return nil }
        let author = AuditAuthor.current
        let cancel = PostgresQuery(
            PostgresCancelSQL.cancel,
            [.uuid(id), .clean(reason), clock, me, .clean(author?.signing(reason) ?? reason)]
                + PostgresAuditSQL.parameters(author))
        // A statement that had to wait for another one finds the row gone it had in view; the next look finds the new one.
        for _ in 0..<50 {
            let rows = try await run(cancel, "cancel")
            let didSomething = try count(rows, "cancel") > 0
            if didSomething { await foldSometimes() }
            guard let found = try await self.task(task) else { return nil }
            if didSomething || found.state.isTerminal || found.cancelRequested { return found }
        }
        throw StoreError(.busy, "the task changes all the time", operation: "cancel", hint: "try again")
    }

    package func requeue(_ task: TaskID, fromStart: Bool) async throws(StoreError) -> QueuedTask? {
        guard let id = UUIDBytes(task.rawValue) else { return nil }
        let steps = [
            PostgresQuery(PostgresCancelSQL.holdKey, [.uuid(id)]),
            PostgresQuery(
                PostgresCancelSQL.requeue(fromStart: fromStart),
                [clock, me, .uuid(id)] + PostgresCancelSQL.signature(AuditAuthor.current, fromStart: fromStart)),
        ]
        if let rows = try await run(steps, "requeue").last, rows.count > 0 { await foldSometimes() }
        return try await self.task(task)
    }

    private func count(_ rows: PostgresRows, _ operation: String) throws(StoreError) -> Int64 {
        do throws(PostgresError) { return try rows.first?.int(0) ?? 0 } catch { throw StoreError(error) }
    }
}

/// The statements of a person's commands.
enum PostgresCancelSQL {
    /// What doesn't run ends at once; of what runs the lease remembers the wish.
    static let cancel = """
        WITH \(PostgresSQL.clock(3)),
        found AS MATERIALIZED (SELECT s.* FROM acode.task_state s WHERE s.id = $1),
        unready AS (
            DELETE FROM acode.ready r USING found f
            WHERE \(PostgresSQL.same("r.queue", "f.queue")) AND r.container = f.container AND r.lane = f.lane
                AND r.rank = f.rank AND r.seq = f.seq
            RETURNING r.id),
        unscheduled AS (DELETE FROM acode.scheduled c WHERE c.id = $1 RETURNING c.id),
        ours AS (
            SELECT id, 'enqueued' AS before FROM unready UNION ALL SELECT id, 'pending' AS before FROM unscheduled),
        ended AS (
            UPDATE acode.task_state s SET state = 'cancelled', outcome = '\(TaskOutcome.cancelled.rawValue)', reason = $2,
                cancel_requested = true, finished_at = now, expire_at = NULL
            FROM ours, clock WHERE \(PostgresSQL.same("s.id", "ours.id")) RETURNING s.id, s.attempt, s.queue, ours.before),
        aside AS (INSERT INTO acode.parked (state, id) SELECT 'cancelled', id FROM ended),
        asked AS (
            UPDATE acode.lease l SET cancel_requested = true WHERE l.id = $1 AND NOT l.cancel_requested
            RETURNING l.id, l.attempt, \(PostgresClaimantSQL.supervisor("l.claimant")) AS supervisor),
        told AS (
            INSERT INTO acode.event (id, attempt, kind, message, at)
            SELECT id, attempt, kind, $5, now FROM (
                SELECT id, attempt, '\(TaskEvent.Kind.cancelled.rawValue)' AS kind FROM ended
                UNION ALL SELECT id, attempt, '\(TaskEvent.Kind.cancelRequested.rawValue)' FROM asked) AS line, clock),
        counted AS (
            INSERT INTO acode.count_delta (queue, state, change)
            SELECT queue, before, -1 FROM ended UNION ALL SELECT queue, 'cancelled', 1 FROM ended),
        audited AS (
            INSERT INTO \(PostgresAuditSQL.columns)
            SELECT \(PostgresAuditSQL.values(6)), '\(AuditAction.cancel.rawValue)', id, queue, said || ': ' || $2
            FROM (
                SELECT id, queue, 'cancelled' AS said FROM ended
                UNION ALL SELECT id, f.queue, 'asked to stop' FROM asked JOIN found f USING (id)) AS done, clock
            WHERE \(PostgresAuditSQL.isSigned(6))),
        \(PostgresSQL.bump(4, when: "(SELECT count(*) FROM ended) + (SELECT count(*) FROM asked) > 0"))
        SELECT (SELECT count(*) FROM ended) + (SELECT count(*) FROM asked),
            (SELECT count(pg_notify('\(PostgresSignal.cancel)', supervisor)) FROM asked)
        """

    /// Holds the unique key of the task `$1`, which never changes.
    static let holdKey = PostgresUniqueSQL.hold(
        """
        SELECT s.queue, t.unique_key AS key FROM acode.task t JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "t.id")) WHERE t.id = $1
        """)

    static func requeue(fromStart: Bool) -> String {
        beginAgain(
            finding: """
                SELECT p.id, p.state, s.queue, t.unique_key FROM acode.parked p
                JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "p.id")) JOIN acode.task t ON \(PostgresSQL.same("t.id", "p.id"))
                WHERE p.id = $3 AND p.state IN ('error', 'cancelled') AND \(PostgresUniqueSQL.isFree) FOR UPDATE OF p
                """, clock: 1, writer: 2, signature: 4, fromStart: fromStart)
    }

    /// What `beginAgain` names from `signature` on.
    static func signature(_ author: AuditAuthor?, fromStart: Bool) -> [PostgresValue] {
        let words = CheckpointText.requeued(fromStart: fromStart)
        return [.clean(author?.signing(words) ?? words)] + PostgresAuditSQL.parameters(author)
    }

    /// Puts tasks back into their queues that `finding` selects and locks where they are parked, and returns their ids. Their
    /// unique keys are held. Of those with the same one only the oldest goes. `fromStart` gives up their checkpoints.
    static func beginAgain(
        finding: String, clock: Int, writer: Int, signature: Int, fromStart: Bool
    ) -> String {
        """
        WITH \(PostgresSQL.clock(clock)),
        held AS MATERIALIZED (\(PostgresUniqueSQL.held)),
        found AS MATERIALIZED (\(finding)),
        turns AS MATERIALIZED (
            SELECT f.*, row_number() OVER (PARTITION BY f.queue, f.unique_key ORDER BY f.id) AS turn FROM found f),
        gone AS (
            DELETE FROM acode.parked p USING turns n
            WHERE \(PostgresSQL.same("p.state", "n.state")) AND p.id = n.id AND (n.turn = 1 OR n.unique_key IS NULL)
            RETURNING p.id, p.state AS before, n.queue, n.unique_key),
        claimed AS (
            INSERT INTO acode.unique_claim (queue, key, id)
            SELECT queue, unique_key, id FROM gone WHERE unique_key IS NOT NULL
            ON CONFLICT (queue, key) DO UPDATE SET id = excluded.id RETURNING id),
        stated AS (
            UPDATE acode.task_state s SET state = 'enqueued', run_at = now, deliveries = 0, failures = 0,
                interruptions = 0, cancel_requested = false, progress = NULL, outcome = NULL, exit_code = NULL,
                reason = NULL, finished_at = NULL, expire_at = \(PostgresSQL.expiry(ttl: "s.ttl")),
                \(PostgresAttempt.forgotten)\(fromStart ? ", checkpoint_phase = NULL, checkpoint_at = NULL" : "")
            FROM gone, clock WHERE \(PostgresSQL.same("s.id", "gone.id"))
            RETURNING s.id, s.queue, s.container, s.rank, s.seq, s.lane, s.expire_at, s.attempt, gone.before),
        \(PostgresAttempt.setAside(from: lastOfGone, as: "followed")),
        readied AS (
            INSERT INTO acode.ready (queue, container, rank, seq, id, lane, expire_at)
            SELECT queue, container, rank, seq, id, lane, expire_at FROM stated),
        told AS (
            INSERT INTO acode.event (id, attempt, kind, message, at)
            SELECT id, attempt, 'requeued', $\(signature)::text, now FROM stated, clock ORDER BY id),
        \(fromStart ? givenUp : "")
        counted AS (
            INSERT INTO acode.count_delta (queue, state, change)
            SELECT queue, before, -count(*) FROM stated GROUP BY queue, before
            UNION ALL SELECT queue, 'enqueued', count(*) FROM stated GROUP BY queue),
        audited AS (
            INSERT INTO \(PostgresAuditSQL.columns)
            SELECT \(PostgresAuditSQL.values(signature + 1)), '\(AuditAction.requeue.rawValue)', id, queue,
                'put back, it was ' || before
            FROM stated, clock WHERE \(PostgresAuditSQL.isSigned(signature + 1)) ORDER BY id),
        \(PostgresSQL.bump(writer, when: changed(fromStart: fromStart)))
        SELECT id, \(PostgresSignal.announcing(all: "stated")) FROM stated ORDER BY id
        """
    }

    private static func changed(fromStart: Bool) -> String {
        "(SELECT count(*) FROM stated) + (SELECT count(*) FROM claimed)"
            + (fromStart ? " + (SELECT count(*) FROM given)" : "") + " > 0"
    }

    /// The attempts that ended these tasks, as they are before the statement.
    private static let lastOfGone = """
        SELECT s.* FROM gone JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "gone.id")) WHERE s.claimed_at IS NOT NULL
        """

    private static let givenUp = """
        given AS (
            UPDATE acode.checkpoint c SET discarded = true FROM gone WHERE \(PostgresSQL.same("c.id", "gone.id"))
            RETURNING c.id),
        """
}
