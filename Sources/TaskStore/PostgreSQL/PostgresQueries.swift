internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func taskIDs(withPrefix prefix: String, limit: Int) async throws(StoreError) -> [TaskID] {
        guard let range = UUIDPrefix(prefix) else { return [] }
        let query = PostgresQuery(
            "SELECT id FROM acode.task WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT $3",
            [.uuid(range.first), .uuid(range.last), .int(Int64(QueryLimit.clamp(limit)))])
        return try await read(query, "find tasks") { row throws(PostgresError) in TaskID(rawValue: try row.uuid(0).text)
        }
    }

    package func tasks(matching filter: TaskFilter) async throws(StoreError) -> [QueuedTask] {
        try await readTasks(PostgresListQuery(filter).query, "list tasks")
    }

    package func counts() async throws(StoreError) -> [QueueCount] {
        let query = PostgresQuery(
            """
            SELECT queue, state, sum(count)::bigint FROM (
                SELECT queue, state, count FROM acode.queue_count UNION ALL
                SELECT queue, state, change FROM acode.count_delta) AS c
            GROUP BY queue, state HAVING sum(count) <> 0 ORDER BY queue, state
            """)
        return try await read(query, "count tasks") { row throws(PostgresError) -> QueueCount? in
            guard let state = TaskState(rawValue: try row.text(1)) else { return nil }
            return QueueCount(queue: try row.text(0), state: state, count: Int(try row.int(2)))
        }.compactMap { $0 }
    }

    package func processDemand(queues: [String], upTo most: Int) async throws(StoreError) -> [String: Int] {
        guard !queues.isEmpty else { return [:] }
        let wanted = Array(Set(queues))
        let query = PostgresQuery(PostgresDemandSQL.processes, [Self.texts(wanted), .int(Int64(max(0, most)))])
        let found = try await read(query, "count tasks that need no container") { row throws(PostgresError) in
            (place: Int(try row.int(0)), count: Int(try row.int(1)))
        }
        return found.reduce(into: [:]) { demand, found in
            guard found.count > 0, wanted.indices.contains(found.place - 1) else { return }
            demand[wanted[found.place - 1]] = found.count
        }
    }

    package func untilDue(queues: [String]) async throws(StoreError) -> Duration? {
        let query =
            queues.isEmpty
            ? PostgresQuery(PostgresDemandSQL.untilAnyIsDue, [clock])
            : PostgresQuery(PostgresDemandSQL.untilDue, [clock, Self.texts(queues)])
        return try await read(query, "find the next task") { row throws(PostgresError) in
            Duration.milliseconds(try row.int(0))
        }.first
    }

    private static func texts(_ queues: [String]) -> PostgresValue { .texts(queues.map { StoredText.clean($0) }) }
}

/// The statements by which a supervisor sees what its queues have for it. They go from queue to queue by keys, because it asks
/// all the time, and what others leave lying about may be much. A test explains them.
enum PostgresDemandSQL {
    /// `$1` the queues, `$2` how many are counted in each at most. Returns the places of the queues, from 1.
    static let processes = """
        SELECT q.n, found.count FROM unnest($1::text[]) WITH ORDINALITY AS q (queue, n) CROSS JOIN LATERAL (
            SELECT count(*) FROM (
                SELECT FROM acode.ready r WHERE r.queue = q.queue AND NOT r.container LIMIT $2::bigint) AS first) AS found
        """

    /// `$1` the time, `$2` the queues. Asked for by limits and not by equality, so that the order is that of one index only: of
    /// a table in which it saw a single queue, the planner would rather read the other from its beginning.
    static let untilDue = """
        WITH \(PostgresSQL.clock(1))
        SELECT greatest(0, first.run_at - (SELECT now FROM clock)) FROM unnest($2::text[]) AS q (queue) CROSS JOIN LATERAL (
            SELECT c.run_at FROM acode.scheduled c WHERE c.queue >= q.queue AND c.queue <= q.queue
            ORDER BY c.queue, c.run_at LIMIT 1) AS first
        ORDER BY first.run_at LIMIT 1
        """

    /// `$1` the time.
    static let untilAnyIsDue = """
        WITH \(PostgresSQL.clock(1))
        SELECT greatest(0, c.run_at - (SELECT now FROM clock)) FROM acode.scheduled c ORDER BY c.run_at LIMIT 1
        """
}

/// The ids that begin with a text.
struct UUIDPrefix {
    let first: UUIDBytes
    let last: UUIDBytes

    /// `nil` for a text that no id begins with.
    init?(_ prefix: String) {
        let given = Array(prefix.utf8)
        let shape = Array("00000000-0000-0000-0000-000000000000".utf8)
        guard given.count <= shape.count else { return nil }
        func padded(_ digit: Character) -> String {
            let rest = shape.dropFirst(given.count).map { $0 == UInt8(ascii: "-") ? "-" : digit }
            return String(decoding: given, as: UTF8.self) + String(rest)
        }
        guard let first = UUIDBytes(padded("0")), let last = UUIDBytes(padded("f")) else { return nil }
        (self.first, self.last) = (first, last)
    }
}
