internal import PostgreSQL

extension PostgresTaskStore {
    package func waits() async throws(StoreError) -> [QueueWait] {
        let query = PostgresQuery(PostgresWaitSQL.waits, [clock])
        return try await read(query, "look for what waits longest") { row throws(PostgresError) in
            QueueWait(queue: try row.text(0), longest: .milliseconds(max(0, try row.int(1))))
        }
    }
}

/// The statement that looks at the beginning of each lane; a test explains it.
enum PostgresWaitSQL {
    /// Beginnings that are looked at in one queue, so that one with many images takes nothing from the others.
    static let most = 1000

    /// `$1` the time. Goes from queue to queue and there from lane to lane by the key of `ready`, whatever their lengths.
    static let waits = """
        WITH RECURSIVE \(PostgresSQL.clock(1)),
        walk AS (
            (SELECT r.queue FROM acode.ready r ORDER BY r.queue LIMIT 1)
            UNION ALL
            SELECT (SELECT r.queue FROM acode.ready r WHERE r.queue > walk.queue ORDER BY r.queue LIMIT 1)
            FROM walk WHERE walk.queue IS NOT NULL)
        SELECT q.queue, max(clock.now - h.run_at)
        FROM walk q CROSS JOIN clock CROSS JOIN LATERAL (
            WITH RECURSIVE lane AS (
                (SELECT r.container, r.lane, r.rank FROM acode.ready r WHERE r.queue = q.queue
                ORDER BY r.container, r.lane, r.rank LIMIT 1)
                UNION ALL
                SELECT n.* FROM lane l CROSS JOIN LATERAL (
                    SELECT r.container, r.lane, r.rank FROM acode.ready r
                    WHERE r.queue = q.queue AND (r.container, r.lane, r.rank) > (l.container, l.lane, l.rank)
                    ORDER BY r.container, r.lane, r.rank LIMIT 1) AS n)
            SELECT * FROM lane LIMIT \(most)) AS l CROSS JOIN LATERAL (
            SELECT s.run_at FROM (
                SELECT r.id FROM acode.ready r
                WHERE r.queue = q.queue AND r.container = l.container AND r.lane = l.lane AND r.rank = l.rank
                ORDER BY r.seq LIMIT 100) AS f
            JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "f.id"))) AS h
        WHERE q.queue IS NOT NULL GROUP BY q.queue ORDER BY q.queue
        """
}
