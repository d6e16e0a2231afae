internal import GRDB
internal import TaskModel

/// The statement that lists tasks, newest first. Each wanted state is looked up by itself, so that the few dead letters
/// among a million finished tasks are found through their own small index.
struct TaskListQuery {
    let sql: String
    let arguments: [any DatabaseValueConvertible & Sendable]

    init(_ filter: TaskFilter) {
        let limit = QueryLimit.clamp(filter.limit)
        let inQueue = filter.queue == nil ? "" : "AND s.queue = ?"
        let queue: [any DatabaseValueConvertible & Sendable] = filter.queue.map { [StoredText.clean($0)] } ?? []
        let states = TaskState.allCases.filter { filter.states.contains($0) }
        let conditions = states.isEmpty ? ["1"] : states.map { "s.state = '\($0.rawValue)'" }
        let parts = conditions.map { condition in
            // What runs is found through the leases: there are few.
            let source =
                condition == "s.state = 'inProgress'"
                ? "lease l JOIN task_state s ON s.seq = l.task_seq" : "task_state s"
            return
                "SELECT * FROM (SELECT s.seq FROM \(source) WHERE \(condition) \(inQueue) ORDER BY s.seq DESC LIMIT \(limit))"
        }
        sql = """
            SELECT \(TaskRow.columns) FROM (\(parts.joined(separator: " UNION ALL "))) p
            JOIN task_state s ON s.seq = p.seq JOIN task t ON t.seq = p.seq ORDER BY p.seq DESC LIMIT \(limit)
            """
        arguments = conditions.flatMap { _ in queue }
    }
}
