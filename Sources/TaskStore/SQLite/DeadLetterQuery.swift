internal import Foundation
internal import GRDB
internal import TaskModel

/// The statement that finds dead letters, through their own small index or by their ids.
struct DeadLetterQuery {
    let sql: String
    let arguments: StatementArguments

    /// What does not fit although it is like what is sought.
    enum Spared {
        case none
        /// Those whose unique key another task has that has not ended.
        case heldKeys
    }

    /// - Parameters:
    ///   - columns: what to select of `task_state s` and `task t`.
    ///   - now: milliseconds since 1970.
    init(_ filter: DeadLetterFilter, columns: String, now: Int64, newestFirst: Bool, sparing spared: Spared = .none) {
        var conditions = ["s.state = 'error'"]
        if spared == .heldKeys {
            let ended = TaskState.allCases.filter(\.isTerminal).map { "'\($0.rawValue)'" }.joined(separator: ", ")
            conditions.append(
                """
                NOT EXISTS (
                    SELECT 1 FROM unique_claim u JOIN task_state h ON h.seq = u.task_seq
                    WHERE u.queue = s.queue AND u.key = \(SpecSQL.value("unique.key")) AND h.state NOT IN (\(ended))
                )
                """)
        }
        var values: [any DatabaseValueConvertible] = []
        if let ids = filter.ids {
            conditions.append("s.seq IN (SELECT seq FROM task WHERE id IN (SELECT value FROM json_each(?)))")
            values.append(Self.json(ids.map(\.rawValue)))
        }
        if let queue = filter.queue {
            conditions.append("s.queue = ?")
            values.append(StoredText.clean(queue))
        }
        if let reason = filter.reason {
            let said = "coalesce(s.outcome, '') || char(10) || coalesce(s.reason, '')"
            conditions.append("instr(lower(\(said)), lower(?)) > 0")
            values.append(StoredText.clean(reason))
        }
        if let age = filter.minAge {
            conditions.append("s.finished_at <= ?")
            values.append(now - StoredTime.milliseconds(age))
        }
        sql = """
            SELECT \(columns) FROM task_state s \(filter.ids == nil ? "INDEXED BY task_error" : "")
            JOIN task t ON t.seq = s.seq WHERE \(conditions.joined(separator: " AND "))
            ORDER BY s.seq \(newestFirst ? "DESC" : "ASC") LIMIT \(QueryLimit.clamp(filter.limit))
            """
        arguments = StatementArguments(values)
    }

    /// An array of texts as JSON.
    static func json(_ ids: [String]) -> String {
        let data = try? JSONEncoder().encode(ids)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }
}
