internal import GRDB
internal import TaskModel

/// The statement that lists tasks, newest first. Each wanted state is looked up by itself, so that the few dead letters
/// among a million finished tasks are found through their own small index, and what runs through the leases.
struct TaskListQuery {
    let sql: String
    let arguments: [any DatabaseValueConvertible & Sendable]

    init(_ filter: TaskFilter) {
        let limit = QueryLimit.clamp(filter.limit)
        let states = TaskState.allCases.filter { filter.states.contains($0) }
        let parts = states.isEmpty ? [Self.any(filter.queue)] : states.map { Self.part($0, filter.queue) }
        let limited = parts.map { "SELECT * FROM (\($0) ORDER BY 1 DESC LIMIT \(limit))" }
        sql = """
            SELECT \(TaskRow.columns) FROM (\(limited.joined(separator: " UNION ALL "))) p
            JOIN task_state s ON s.seq = p.seq JOIN task t ON t.seq = p.seq ORDER BY p.seq DESC LIMIT \(limit)
            """
        let queue: [any DatabaseValueConvertible & Sendable] = filter.queue.map { [StoredText.clean($0)] } ?? []
        arguments = parts.flatMap { _ in queue }
    }

    private static func any(_ queue: String?) -> String {
        "SELECT seq FROM task_state" + (queue == nil ? "" : " WHERE queue = ?")
    }

    private static func part(_ state: TaskState, _ queue: String?) -> String {
        guard state == .inProgress else {
            return "SELECT seq FROM task_state WHERE state = '\(state.rawValue)'"
                + (queue == nil ? "" : " AND queue = ?")
        }
        // Not a join: the planner would turn it round whenever it believes that there are more leases than tasks.
        let itsQueue = "(SELECT s.queue FROM task_state s WHERE s.seq = l.task_seq)"
        return "SELECT l.task_seq AS seq FROM lease l" + (queue == nil ? "" : " WHERE \(itsQueue) = ?")
    }
}
