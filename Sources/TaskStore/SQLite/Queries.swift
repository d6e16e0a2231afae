internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func task(_ id: TaskID) async throws(StoreError) -> QueuedTask? {
        let row = try await read("read a task") { db in
            try Row.fetchOne(
                db.cachedStatement(
                    sql: "SELECT \(TaskRow.columns) FROM task t JOIN task_now s ON s.seq = t.seq WHERE t.id = ?"),
                arguments: [id.rawValue]
            ).map(TaskRow.init)
        }
        return try row?.task("read a task")
    }

    package func taskIDs(withPrefix prefix: String, limit: Int) async throws(StoreError) -> [TaskID] {
        let wanted = prefix.lowercased()
        // Anything else than the letters of an id can't match, and NUL would cut the text short.
        guard wanted.utf8.allSatisfy({ "0123456789abcdef-".utf8.contains($0) }) else { return [] }
        return try await read("find tasks") { db in
            try String.fetchAll(
                db.cachedStatement(sql: "SELECT id FROM task WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"),
                arguments: [wanted, wanted + "g", QueryLimit.clamp(limit)]
            ).map(TaskID.init(rawValue:))
        }
    }

    package func tasks(matching filter: TaskFilter) async throws(StoreError) -> [QueuedTask] {
        let list = TaskListQuery(filter)
        let rows = try await read("list tasks") { db in
            try Row.fetchAll(db.cachedStatement(sql: list.sql), arguments: StatementArguments(list.arguments))
                .map(TaskRow.init)
        }
        var tasks: [QueuedTask] = []
        tasks.reserveCapacity(rows.count)
        for row in rows { tasks.append(try row.task("list tasks")) }
        return tasks
    }

    package func counts() async throws(StoreError) -> [QueueCount] {
        try await read("count tasks") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT queue, state, count FROM queue_count WHERE count <> 0 AND queue <> ''
                        ORDER BY queue, state
                        """)
            ).compactMap { row in
                TaskState(rawValue: row[1]).map { QueueCount(queue: row[0], state: $0, count: row[2]) }
            }
        }
    }

    package func processDemand(queues: [String], upTo most: Int) async throws(StoreError) -> [String: Int] {
        try await read("count tasks that need no container") { db in
            var demand: [String: Int] = [:]
            for queue in Set(queues) {
                let count = try Int.fetchOne(
                    db.cachedStatement(sql: DemandSQL.processes),
                    arguments: [StoredText.clean(queue), max(0, most)])
                if let count, count > 0 { demand[queue] = count }
            }
            return demand
        }
    }

    package func untilDue(queues: [String]) async throws(StoreError) -> Duration? {
        let wanted = queues.map { StoredText.clean($0) }
        let filter = wanted.isEmpty ? "" : "AND queue IN (\(wanted.map { _ in "?" }.joined(separator: ",")))"
        let due = try await read("find the next task") { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT run_at FROM task_state INDEXED BY task_scheduled
                    WHERE state = 'pending' \(filter) ORDER BY run_at LIMIT 1
                    """, arguments: StatementArguments(wanted))
        }
        return due.map { .milliseconds(max(0, $0 - StoredTime.milliseconds(clock.now()))) }
    }
}

/// The statement that looks at what a queue has for processes, by its key and no further than it has to; a test explains it.
enum DemandSQL {
    static let processes = "SELECT count(*) FROM (SELECT 1 FROM ready WHERE queue = ? AND container = 0 LIMIT ?)"
}

/// Bounds of what one read returns.
enum QueryLimit {
    static let rows = 10000

    static func clamp(_ limit: Int) -> Int { min(rows, max(0, limit)) }
}
