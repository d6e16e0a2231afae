internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func expire() async throws(StoreError) -> [TaskID] {
        var ended: [TaskID] = []
        while true {
            let page = try await endOverdue(PostgresQuery(PostgresExpireSQL.overdue, [clock]), "expire")
            ended += page.ended
            // Another one ends the same tasks, or claims of them: what is left is its affair, or that of the next time.
            if page.found < PostgresExpireSQL.endedAtOnce || page.ended.isEmpty { return ended }
        }
    }

    /// Ends the tasks that `find` names and that are too late; returns how many it named.
    func endOverdue(
        _ find: PostgresQuery, _ operation: String, by statement: String = PostgresExpireSQL.end
    ) async throws(StoreError) -> (found: Int, ended: [TaskID]) {
        let page = try await read(find, operation) { row throws(PostgresError) in
            (id: try row.uuid(0), ttl: try row.optionalDouble(1))
        }
        return page.isEmpty ? (0, []) : (page.count, try await end(page, operation, by: statement))
    }

    /// Ends those of a page that are still there and still too late, and returns them.
    private func end(
        _ page: [(id: UUIDBytes, ttl: Double?)], _ operation: String, by statement: String
    ) async throws(StoreError) -> [TaskID] {
        let ends = page.map { Settlement.expired(after: $0.ttl) }
        let lines = ends.flatMap(\.settlement.entries)
        let starts = ends.reduce(into: [1]) { $0.append($0[$0.count - 1] + Int64($1.settlement.entries.count)) }
        let query = PostgresQuery(
            statement,
            [
                .uuids(page.map(\.id)), .texts(ends.map(\.reason)), .ints(starts), .texts(lines.map(\.kind.rawValue)),
                .texts(lines.map(\.message)), clock, me,
            ])
        let rows = try await run(query, operation)
        if rows.count > 0 { await foldSometimes() }
        return try ids(in: rows)
    }

    /// The ids that a statement returned first in each row.
    func ids(in rows: PostgresRows) throws(StoreError) -> [TaskID] {
        do throws(PostgresError) {
            return try rows.map { row throws(PostgresError) in TaskID(rawValue: try row.uuid(0).text) }
        } catch {
            throw StoreError(error)
        }
    }
}

/// The statements that end tasks whose time to begin is over; a test explains them.
enum PostgresExpireSQL {
    /// Bounds what one statement ends.
    static let endedAtOnce = 500

    /// `$1` the time.
    static let overdue = """
        WITH \(PostgresSQL.clock(1))
        SELECT s.id, s.ttl FROM (
            (SELECT r.id, r.expire_at FROM acode.ready r WHERE r.expire_at <= (SELECT now FROM clock)
            ORDER BY r.expire_at LIMIT \(endedAtOnce))
            UNION ALL
            (SELECT c.id, c.expire_at FROM acode.scheduled c WHERE c.expire_at <= (SELECT now FROM clock)
            ORDER BY c.expire_at LIMIT \(endedAtOnce))) AS late
        JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "late.id")) ORDER BY late.expire_at, s.seq LIMIT \(endedAtOnce)
        """

    /// Of the tasks that have the unique keys `$2` of the queues `$1`; `$3` the time. Each look goes by a key, whatever the
    /// planner believes of the sizes of tables.
    static let overdueHolders = """
        WITH \(PostgresSQL.clock(3)),
        holders AS MATERIALIZED (
            SELECT DISTINCT (SELECT u.id FROM acode.unique_claim u WHERE u.queue = g.queue AND u.key = g.key) AS id
            FROM unnest($1::text[], $2::text[]) AS g (queue, key) WHERE g.key IS NOT NULL)
        SELECT s.id, s.ttl FROM holders h CROSS JOIN LATERAL (
            SELECT s.id, s.ttl FROM acode.task_state s
            WHERE s.id = h.id AND s.expire_at <= (SELECT now FROM clock) AND s.state IN ('enqueued', 'pending')
                AND NOT EXISTS (SELECT FROM acode.lease l WHERE l.id = s.id)
            OFFSET 0) AS s
        """

    /// `$1` ids, `$2` reasons, `$3` where the lines of each begin in `$4` and `$5`, `$6` the time, `$7` the writer. What is
    /// being claimed, moved or ended just now is passed over.
    static let end = end(whatOthersHave: " SKIP LOCKED")
    /// As `end`, but waits until others are done with what they are about to claim, move or end.
    static let endAfterOthers = end(whatOthersHave: "")

    private static func end(whatOthersHave: String) -> String {
        """
        WITH \(PostgresSQL.clock(6)),
        known AS MATERIALIZED (
            SELECT s.id, s.queue, s.container, s.lane, s.rank, s.seq, g.n
            FROM unnest($1::uuid[]) WITH ORDINALITY AS g (id, n) JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "g.id"))),
        waits AS MATERIALIZED (
            SELECT k.* FROM known k JOIN acode.ready r
                ON \(PostgresSQL.same("r.queue", "k.queue")) AND r.container = k.container AND r.lane = k.lane
                    AND r.rank = k.rank AND r.seq = k.seq
            WHERE r.expire_at <= (SELECT now FROM clock) ORDER BY k.id FOR UPDATE OF r\(whatOthersHave)),
        unready AS (
            DELETE FROM acode.ready r USING waits w
            WHERE \(PostgresSQL.same("r.queue", "w.queue")) AND r.container = w.container AND r.lane = w.lane
                AND r.rank = w.rank AND r.seq = w.seq
            RETURNING r.id, w.n),
        delayed AS MATERIALIZED (
            SELECT k.id, k.n FROM known k JOIN acode.scheduled c ON \(PostgresSQL.same("c.id", "k.id"))
            WHERE c.expire_at <= (SELECT now FROM clock) ORDER BY k.id FOR UPDATE OF c\(whatOthersHave)),
        unscheduled AS (DELETE FROM acode.scheduled c USING delayed d WHERE \(PostgresSQL.same("c.id", "d.id")) RETURNING c.id, d.n),
        ours AS (
            SELECT id, n, 'enqueued' AS before FROM unready UNION ALL SELECT id, n, 'pending' AS before FROM unscheduled),
        ended AS (
            UPDATE acode.task_state s SET state = 'error', outcome = '\(TaskOutcome.expired.rawValue)',
                reason = ($2::text[])[ours.n], finished_at = now, expire_at = NULL
            FROM ours, clock WHERE \(PostgresSQL.same("s.id", "ours.id")) RETURNING s.id, s.attempt, s.queue, ours.before, ours.n),
        aside AS (INSERT INTO acode.parked (state, id) SELECT 'error', id FROM ended),
        told AS (
            INSERT INTO acode.event (id, attempt, kind, message, at)
            SELECT e.id, e.attempt, ($4::text[])[line], ($5::text[])[line], clock.now
            FROM ended e CROSS JOIN clock CROSS JOIN LATERAL
                generate_series(($3::bigint[])[e.n], ($3::bigint[])[e.n + 1] - 1) AS line
            ORDER BY e.n, line),
        counted AS (
            INSERT INTO acode.count_delta (queue, state, change)
            SELECT queue, before, -count(*) FROM ended GROUP BY queue, before
            UNION ALL SELECT queue, 'error', count(*) FROM ended GROUP BY queue),
        \(PostgresSQL.bump(7, when: "(SELECT count(*) FROM ended) > 0"))
        SELECT id FROM ended ORDER BY n
        """
    }
}
