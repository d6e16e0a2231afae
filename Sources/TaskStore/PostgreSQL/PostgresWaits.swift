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
    /// `$1` the time. Goes from lane to lane by the key of `ready`, whatever their lengths.
    static let waits = """
        WITH RECURSIVE \(PostgresSQL.clock(1)),
        lane AS (
            (SELECT r.queue, r.container, r.lane, r.rank FROM acode.ready r
            ORDER BY r.queue, r.container, r.lane, r.rank LIMIT 1)
            UNION ALL
            SELECT n.* FROM lane l CROSS JOIN LATERAL (
                SELECT r.queue, r.container, r.lane, r.rank FROM acode.ready r
                WHERE (r.queue, r.container, r.lane, r.rank) > (l.queue, l.container, l.lane, l.rank)
                ORDER BY r.queue, r.container, r.lane, r.rank LIMIT 1) AS n)
        SELECT l.queue, max(clock.now - h.run_at)
        FROM (SELECT * FROM lane LIMIT 1000) AS l CROSS JOIN clock CROSS JOIN LATERAL (
            SELECT s.run_at FROM (
                SELECT r.id FROM acode.ready r
                WHERE r.queue = l.queue AND r.container = l.container AND r.lane = l.lane AND r.rank = l.rank
                ORDER BY r.seq LIMIT 100) AS f
            JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "f.id"))) AS h
        GROUP BY l.queue ORDER BY l.queue
        """
}
