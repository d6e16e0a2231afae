internal import Foundation
internal import PostgreSQL
package import TaskModel

/// Reads tasks.
enum PostgresTaskRow {
    /// What to select, in the order that `read` expects. `t` is `task`, `s` is `task_now`.
    static let columns = """
        t.id, t.spec, t.created_at, s.state, s.run_at, s.attempt, s.failures, s.interruptions, s.cancel_requested, \
        s.progress, s.outcome, s.exit_code, s.reason, s.worker, s.started_at, s.finished_at, s.deliveries, \
        s.checkpoint_phase, s.checkpoint_at
        """
    /// How many they are.
    static let count = 19

    /// The id, and the task unless its stored words aren't ours.
    static func read(_ row: PostgresRow) throws(PostgresError) -> (id: TaskID, task: QueuedTask?) {
        let id = TaskID(rawValue: try row.uuid(0).text)
        return (id, try spec(row).map { spec throws(PostgresError) in try task(id, spec, row) } ?? nil)
    }

    /// As `read`, but what the task was to run need not be readable.
    static func letter(_ row: PostgresRow) throws(PostgresError) -> QueuedTask? {
        let unknown = TaskSpec(name: "(unreadable)", command: [])
        return try task(TaskID(rawValue: try row.uuid(0).text), try spec(row) ?? unknown, row)
    }

    private static func spec(_ row: PostgresRow) throws(PostgresError) -> TaskSpec? {
        try? SpecCoding.decode(try row.text(1))
    }

    private static func task(
        _ id: TaskID, _ spec: TaskSpec, _ row: PostgresRow
    ) throws(PostgresError) -> QueuedTask? {
        guard let state = TaskState(rawValue: try row.text(3)) else { return nil }
        var task = QueuedTask(id: id, spec: spec, createdAt: StoredTime.date(try row.int(2)))
        task.state = state
        task.runAt = StoredTime.date(try row.int(4))
        task.attempt = Int(try row.int(5))
        task.failures = Int(try row.int(6))
        task.interruptions = Int(try row.int(7))
        task.cancelRequested = try row.bool(8)
        task.progress = try row.optionalDouble(9)
        task.outcome = row.optionalText(10).flatMap(TaskOutcome.init(rawValue:))
        task.exitCode = try row.optionalInt(11).map(Int.init)
        task.reason = row.optionalText(12)
        task.worker = row.optionalText(13).map(WorkerID.init(rawValue:))
        task.startedAt = try row.optionalInt(14).map(StoredTime.date)
        task.finishedAt = try row.optionalInt(15).map(StoredTime.date)
        task.deliveries = Int(try row.int(16))
        if let phase = try row.optionalInt(17) {
            let at = try row.int(18)
            task.checkpoint = CheckpointMark(phase: Int(phase), updatedAt: StoredTime.date(at))
        }
        return task
    }
}

extension PostgresTaskStore {
    /// Reads tasks, all of which must be readable.
    func readTasks(_ query: PostgresQuery, _ operation: String) async throws(StoreError) -> [QueuedTask] {
        var tasks: [QueuedTask] = []
        for (id, task) in try await read(query, operation, PostgresTaskRow.read) {
            guard let task else { throw StoreError(.corrupt, "task \(id) can't be read", operation: operation) }
            tasks.append(task)
        }
        return tasks
    }

    package func task(_ id: TaskID) async throws(StoreError) -> QueuedTask? {
        guard let key = UUIDBytes(id.rawValue) else { return nil }
        let query = PostgresQuery(
            """
            SELECT \(PostgresTaskRow.columns) FROM acode.task t JOIN acode.task_now s ON \(PostgresSQL.same("s.id", "t.id")) WHERE t.id = $1
            """, [.uuid(key)])
        return try await readTasks(query, "read a task").first
    }
}
