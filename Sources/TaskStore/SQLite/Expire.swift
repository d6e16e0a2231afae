internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func expire() async throws(StoreError) -> [TaskID] {
        var ended: [TaskID] = []
        while true {
            let page = try await writer.perform("expire") { scope in
                try scope.all(ExpireSQL.overdue, [scope.now]).map { try scope.expire($0) }
            }
            ended += page
            if page.count < ExpireSQL.endedAtOnce { return ended }
        }
    }
}

/// The statements that find tasks whose time to begin is over; a test explains them.
enum ExpireSQL {
    private static let columns = "s.seq, t.id, s.queue, s.state, s.attempt, \(SpecSQL.value("ttl"))"
    private static let waits =
        "s.state IN ('enqueued', 'pending') AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.task_seq = s.seq)"
    static let overdue = """
        SELECT \(columns) FROM task_state s INDEXED BY task_expiring JOIN task t ON t.seq = s.seq
        WHERE s.expire_at <= ? AND \(waits) ORDER BY s.expire_at LIMIT \(endedAtOnce)
        """
    /// The one that holds a unique key.
    static let overdueHolder = """
        SELECT \(columns) FROM unique_claim u JOIN task_state s ON s.seq = u.task_seq JOIN task t ON t.seq = s.seq
        WHERE u.queue = ? AND u.key = ? AND s.expire_at <= ? AND \(waits)
        """
    /// Bounds how long one transaction holds the write lock.
    static let endedAtOnce = 500
}

/// What a specification says, read by the database.
enum SpecSQL {
    /// The value at a path in the specification of `task t`; NULL also where that can't be read.
    static func value(_ path: String) -> String {
        "CASE WHEN json_valid(t.spec) THEN json_extract(t.spec, '$.\(path)') END"
    }
}

extension WriteScope {
    func expire(_ row: Row) throws -> TaskID {
        let seq: Int64 = row[0]
        let (settlement, reason) = Settlement.expired(after: row[5])
        try unready(seq)
        try run(
            """
            UPDATE task_state SET state = ?, outcome = ?, reason = ?, finished_at = ?, expire_at = NULL WHERE seq = ?
            """, [settlement.state.rawValue, TaskOutcome.expired.rawValue, reason, now, seq])
        for entry in settlement.entries { try note(entry.kind, entry.message, task: seq, attempt: row[4]) }
        counts.move(queue: row[2], from: TaskState(rawValue: row[3]), to: settlement.state)
        return TaskID(rawValue: row[1])
    }
}
