internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func attempts(of id: TaskID) async throws(StoreError) -> [TaskAttempt] {
        try await read("read attempts") { db in
            guard let seq = try HistorySQL.number(of: id, db) else { return [] }
            return try Row.fetchAll(db.cachedStatement(sql: HistorySQL.attempts), arguments: [seq])
                .map { TaskAttempt(of: id, $0) }
        }
    }

    package func attempts(onWorkersWithPrefix prefix: String) async throws(StoreError) -> [TaskAttempt] {
        try await read("read a worker's attempts") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT \(TaskAttempt.columns), t.id AS task_id FROM attempt_now a JOIN task t ON a.task_seq = t.seq
                        WHERE substr(a.worker, 1, length(?1)) = ?1
                        ORDER BY a.started_at, a.claimed_at LIMIT \(QueryLimit.rows)
                        """), arguments: [StoredText.clean(prefix)]
            ).map { TaskAttempt(of: TaskID(rawValue: $0["task_id"]), $0) }
        }
    }

    package func events(of id: TaskID, after sequence: Int64) async throws(StoreError) -> [TaskEvent] {
        try await read("read events") { db in
            guard let seq = try HistorySQL.number(of: id, db) else { return [] }
            return try Row.fetchAll(db.cachedStatement(sql: HistorySQL.events), arguments: [seq, sequence])
                .compactMap { row in
                    TaskEvent.Kind(rawValue: row[2]).map {
                        TaskEvent(
                            sequence: row[0], taskID: id, attempt: row[1], kind: $0, message: row[3],
                            at: StoredTime.date(row[4]))
                    }
                }
        }
    }
}

/// The statements that read the history of one task, which they look up by its number: what else is said of it, the views
/// don't take into each of their parts. A test explains them.
enum HistorySQL {
    static let attempts = """
        SELECT \(TaskAttempt.columns) FROM attempt_now a WHERE a.task_seq = ? ORDER BY a.attempt LIMIT \(QueryLimit.rows)
        """
    static let events = """
        SELECT sequence, attempt, kind, message, at FROM timeline WHERE task_seq = ? AND sequence > ?
        ORDER BY sequence LIMIT \(QueryLimit.rows)
        """
    static let end = "SELECT ended_token FROM attempt_now WHERE task_seq = ? AND attempt = ?"

    static func number(of id: TaskID, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT seq FROM task WHERE id = ?"), arguments: [id.rawValue])
    }
}

extension TaskAttempt {
    /// What to select, in the order that `init` reads. `a` is `attempt_now`.
    fileprivate static let columns = """
        a.attempt, a.supervisor, a.host, a.worker, a.claimed_at, a.started_at, a.finished_at, a.outcome, a.exit_code, \
        a.reason, a.wall_seconds, a.cpu_seconds, a.max_resident_bytes, a.output_bytes, a.output_dropped, a.report, \
        a.result, (SELECT h.installation FROM supervisor_home h WHERE h.supervisor = a.supervisor), a.progress
        """

    fileprivate init(of id: TaskID, _ row: Row) {
        self.init(
            taskID: id, attempt: row[0], supervisor: SupervisorID(rawValue: row[1]), host: row[2],
            claimedAt: StoredTime.date(row[4]))
        worker = (row[3] as String?).map(WorkerID.init(rawValue:))
        startedAt = (row[5] as Int64?).map(StoredTime.date)
        finishedAt = (row[6] as Int64?).map(StoredTime.date)
        outcome = (row[7] as String?).flatMap(TaskOutcome.init(rawValue:))
        exitCode = row[8]
        reason = row[9]
        result = row[16]
        installation = row[17]
        progress = row[18]
        if let resident = row[12] as Int64? {
            usage = AttemptUsage(
                wallSeconds: row[10] ?? 0, cpuSeconds: row[11] ?? 0, maxResidentBytes: resident,
                outputBytes: row[13] ?? 0, outputDropped: row[14] ?? 0)
        }
        report = (row[15] as String?).flatMap(ReportCoding.report(in:))
    }
}
