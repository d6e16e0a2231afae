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
        let parts = states.isEmpty ? [Self.any(filter)] : states.map { Self.part($0, filter) }
        let limited = parts.map { "SELECT * FROM (\($0) ORDER BY 1 DESC LIMIT \(limit))" }
        sql = """
            SELECT \(TaskRow.columns) FROM (\(limited.joined(separator: " UNION ALL "))) p
            JOIN task_now s ON s.seq = p.seq JOIN task t ON t.seq = p.seq ORDER BY p.seq DESC LIMIT \(limit)
            """
        let words = [filter.queue, filter.type].compactMap { $0.map { StoredText.clean($0) } }
        arguments = parts.flatMap { _ in words }
    }

    private static func any(_ filter: TaskFilter) -> String {
        // The newest of one type are next to each other in their index; there may be few of them among many.
        guard filter.type == nil else {
            let itsQueue = "(SELECT s.queue FROM task_state s WHERE s.seq = x.seq)"
            return "SELECT x.seq AS seq FROM task x WHERE" + (filter.queue == nil ? "" : " \(itsQueue) = ? AND")
                + " x.type = ?"
        }
        return "SELECT seq FROM task_state" + (filter.queue == nil ? "" : " WHERE queue = ?")
    }

    private static func part(_ state: TaskState, _ filter: TaskFilter) -> String {
        let itsQueue = filter.queue == nil ? "" : " AND queue = ?"
        switch state {
        case .enqueued: return "SELECT seq FROM ready WHERE true" + itsQueue + type(filter, "ready.seq")
        case .inProgress:
            return "SELECT l.task_seq AS seq FROM lease l WHERE true" + itsQueue + type(filter, "l.task_seq")
        case .pending, .enqueuedForOrchestration, .complete, .error, .cancelled, .resolvedManually:
            return "SELECT seq FROM task_state WHERE state = '\(state.rawValue)'" + itsQueue
                + type(filter, "task_state.seq")
        }
    }

    private static func type(_ filter: TaskFilter, _ seq: String) -> String {
        // Not a join: the planner would turn it round whenever it believes that there are more leases than tasks.
        filter.type == nil ? "" : " AND (SELECT t.type FROM task t WHERE t.seq = \(seq)) = ?"
    }
}
