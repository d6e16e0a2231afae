internal import Foundation
internal import PostgreSQL

extension PostgresTaskStore {
    package func control(_ queue: String, _ change: QueueChange) async throws(StoreError) -> QueueControl {
        let queue = StoredText.clean(queue)
        // What is said holds for every claim that ends after this call: claims that have begun are waited for.
        var steps = [
            PostgresQuery(PostgresQueueSQL.wait), apply(change, to: queue),
            PostgresQuery(PostgresQueueSQL.tidy, [.text(queue), clock, me]),
            // Less than before may be had, too: then somebody looks in vain.
            PostgresQuery(PostgresSignal.announce, [.texts([queue])]),
        ]
        steps += noted(change, of: queue)
        steps.append(PostgresQuery("\(PostgresQueueSQL.select) WHERE queue = $1", [.text(queue)]))
        // Not repeatable: it would be noted twice, and undo what somebody else has said meanwhile.
        let answers = try await run(steps, "control a queue")
        do throws(PostgresError) {
            return try answers.last?.map(QueueControl.init).first ?? QueueControl(queue: queue)
        } catch {
            throw StoreError(error)
        }
    }

    private func noted(_ change: QueueChange, of queue: String) -> [PostgresQuery] {
        let (action, detail) = change.audited
        return AuditAuthor.current.map { [PostgresAuditSQL.note($0, action, queue: queue, detail, clock)] } ?? []
    }

    private func apply(_ change: QueueChange, to queue: String) -> PostgresQuery {
        switch change {
        case .pause(let by, let reason):
            PostgresQuery(PostgresQueueSQL.pause, [.text(queue), .clean(by), .clean(reason), clock])
        case .resume: PostgresQuery(PostgresQueueSQL.resume, [.text(queue)])
        case .limit(let most):
            PostgresQuery(PostgresQueueSQL.limit, [.text(queue), .int(most.map { Int64(max(0, $0)) })])
        }
    }

    package func queueControls() async throws(StoreError) -> [QueueControl] {
        let query = PostgresQuery("\(PostgresQueueSQL.select) ORDER BY queue LIMIT \(QueryLimit.rows)")
        return try await read(query, "read what is said about queues", QueueControl.init)
    }
}

/// The statements about queues that are paused or limited.
///
/// Claims share a lock that a change has alone, and of each limited queue a claim has another lock alone, so that only
/// claims of limited queues wait for each other. They are locks without rows, because a lock on a row is a write.
enum PostgresQueueSQL {
    /// For claims: nothing is said meanwhile.
    static let share = "SELECT pg_advisory_xact_lock_shared(\(PostgresSchema.lock + 3))"
    /// For changes: nothing is claimed meanwhile.
    static let wait = "SELECT pg_advisory_xact_lock(\(PostgresSchema.lock + 3))"

    /// Takes the locks of the limited queues among `$1`, of all when there are none, in an order that is the same for all.
    static let holdLimited = """
        SELECT pg_advisory_xact_lock(\(PostgresSchema.queueLocks), number) FROM (
            SELECT DISTINCT hashtext(c.queue) & 1023 AS number FROM acode.queue_control c
            WHERE c.max_running IS NOT NULL AND (cardinality($1::text[]) = 0 OR c.queue = ANY ($1::text[]))
            ORDER BY number) AS limited
        """

    /// A scalar query: how many tasks may be claimed of a queue, NULL when nothing is said about it. Deltas are folded now
    /// and then, so they are always few.
    static func room(of queue: String) -> String {
        """
        SELECT CASE WHEN c.paused_at IS NOT NULL THEN 0 WHEN c.max_running IS NULL THEN NULL
            ELSE greatest(0, c.max_running - (
                SELECT coalesce(sum(n.count), 0)::bigint FROM (
                    SELECT k.count FROM acode.queue_count k WHERE k.queue = c.queue AND k.state = 'inProgress'
                    UNION ALL SELECT d.change FROM acode.count_delta d
                    WHERE d.queue = c.queue AND d.state = 'inProgress') AS n)) END
        FROM acode.queue_control c WHERE c.queue = \(queue)
        """
    }

    static let select = "SELECT queue, paused_at, paused_by, pause_reason, max_running FROM acode.queue_control"

    static let pause = """
        WITH \(PostgresSQL.clock(4))
        INSERT INTO acode.queue_control AS c (queue, paused_at, paused_by, pause_reason)
        SELECT $1::text, now, $2::text, $3::text FROM clock
        ON CONFLICT (queue) DO UPDATE SET paused_at = excluded.paused_at, paused_by = excluded.paused_by,
            pause_reason = excluded.pause_reason
        WHERE c.paused_at IS NULL
        """

    static let resume = """
        UPDATE acode.queue_control SET paused_at = NULL, paused_by = NULL, pause_reason = NULL WHERE queue = $1
        """

    static let limit = """
        INSERT INTO acode.queue_control (queue, max_running) VALUES ($1, $2)
        ON CONFLICT (queue) DO UPDATE SET max_running = excluded.max_running
        """

    /// Forgets a queue about which nothing is said any more: claims look at all there are.
    static let tidy = """
        WITH \(PostgresSQL.clock(2)), \(PostgresSQL.bump(3, when: "true"))
        DELETE FROM acode.queue_control WHERE queue = $1 AND paused_at IS NULL AND max_running IS NULL
        """
}

extension QueueControl {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        self.init(queue: try row.text(0), maxRunning: try row.optionalInt(4).map(Int.init))
        if let since = try row.optionalInt(1) {
            pause = Pause(since: StoredTime.date(since), by: row.optionalText(2) ?? "", reason: row.optionalText(3))
        }
    }
}
