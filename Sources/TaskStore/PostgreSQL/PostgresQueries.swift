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

    package func demandingContainers(queues: [String]) async throws(StoreError) -> Int {
        let all = "SELECT count(*) FROM acode.ready WHERE container"
        let query =
            queues.isEmpty
            ? PostgresQuery(all) : PostgresQuery(all + " AND queue = ANY ($1::text[])", [Self.texts(queues)])
        return try await read(query, "count tasks that demand containers") { row throws(PostgresError) in
            Int(try row.int(0))
        }.first ?? 0
    }

    package func containerDemand(queues: [String]) async throws(StoreError) -> [String: Int] {
        let named = queues.isEmpty ? "" : " AND queue = ANY ($1::text[])"
        let query = PostgresQuery(
            "SELECT queue, count(*) FROM acode.ready WHERE container\(named) GROUP BY queue",
            queues.isEmpty ? [] : [Self.texts(queues)])
        let found = try await read(query, "count tasks that demand containers") { row throws(PostgresError) in
            (try row.text(0), Int(try row.int(1)))
        }
        return Dictionary(found, uniquingKeysWith: +)
    }

    package func untilDue(queues: [String]) async throws(StoreError) -> Duration? {
        let query = PostgresQuery(
            """
            WITH \(PostgresSQL.clock(1))
            SELECT greatest(0, run_at - (SELECT now FROM clock)) FROM acode.scheduled
            WHERE cardinality($2::text[]) = 0 OR queue = ANY ($2::text[]) ORDER BY run_at LIMIT 1
            """, [clock, Self.texts(queues)])
        return try await read(query, "find the next task") { row throws(PostgresError) in
            Duration.milliseconds(try row.int(0))
        }.first
    }

    private static func texts(_ queues: [String]) -> PostgresValue { .texts(queues.map { StoredText.clean($0) }) }
}

/// The statement that lists tasks, newest first. Each wanted state is looked up where its tasks are, so that the few dead
/// letters among a million finished tasks are found at once.
struct PostgresListQuery {
    let query: PostgresQuery

    init(_ filter: TaskFilter) {
        let limit = QueryLimit.clamp(filter.limit)
        let states = TaskState.allCases.filter { filter.states.contains($0) }
        let parts = (states.isEmpty ? [nil] : states.map { $0 as TaskState? }).map { state in
            let itsQueue =
                filter.queue == nil
                ? "" : " AND EXISTS (SELECT FROM acode.task_state q WHERE q.id = x.id AND q.queue = $1)"
            return "(SELECT x.id FROM \(Self.place(of: state, filter))\(itsQueue) ORDER BY x.id DESC LIMIT \(limit))"
        }
        query = PostgresQuery(
            """
            SELECT \(PostgresTaskRow.columns) FROM (\(parts.joined(separator: " UNION ALL "))) AS p
            JOIN acode.task_now s ON \(PostgresSQL.same("s.id", "p.id")) JOIN acode.task t ON \(PostgresSQL.same("t.id", "p.id")) ORDER BY p.id DESC LIMIT \(limit)
            """, [filter.queue, filter.type].compactMap { $0.map { .clean($0) } })
    }

    private static func place(of state: TaskState?, _ filter: TaskFilter) -> String {
        guard filter.type != nil else { return place(of: state) }
        let type = filter.queue == nil ? "$1" : "$2"
        // The newest of one type are next to each other in their index; there may be few of them among many.
        guard let state else { return "acode.task x WHERE x.type = \(type)" }
        return place(of: state) + " AND (SELECT t.type FROM acode.task t WHERE t.id = x.id) = \(type)"
    }

    private static func place(of state: TaskState?) -> String {
        switch state {
        case nil: "acode.task_state x WHERE true"
        case .pending: "acode.scheduled x WHERE true"
        case .enqueued: "acode.ready x WHERE true"
        case .inProgress: "acode.lease x WHERE true"
        case .error?, .cancelled?: "acode.parked x WHERE x.state = '\(state?.rawValue ?? "")'"
        case .complete?, .enqueuedForOrchestration?, .resolvedManually?:
            "acode.task_state x WHERE x.state = '\(state?.rawValue ?? "")'"
        }
    }
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
