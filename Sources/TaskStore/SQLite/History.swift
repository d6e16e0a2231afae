internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func attempts(of id: TaskID) async throws(StoreError) -> [TaskAttempt] {
        try await read("read attempts") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT \(TaskAttempt.columns) FROM task t JOIN attempt a ON a.task_seq = t.seq
                        WHERE t.id = ? ORDER BY a.attempt LIMIT \(QueryLimit.rows)
                        """), arguments: [id.rawValue]
            ).map { TaskAttempt(of: id, $0) }
        }
    }

    package func attempts(onWorkersWithPrefix prefix: String) async throws(StoreError) -> [TaskAttempt] {
        try await read("read a worker's attempts") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT \(TaskAttempt.columns), t.id AS task_id FROM attempt a JOIN task t ON a.task_seq = t.seq
                        WHERE substr(a.worker, 1, length(?1)) = ?1
                        ORDER BY a.started_at, a.claimed_at LIMIT \(QueryLimit.rows)
                        """), arguments: [StoredText.clean(prefix)]
            ).map { TaskAttempt(of: TaskID(rawValue: $0["task_id"]), $0) }
        }
    }

    package func events(of id: TaskID, after sequence: Int64) async throws(StoreError) -> [TaskEvent] {
        try await read("read events") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT e.sequence, e.attempt, e.kind, e.message, e.at
                        FROM task t JOIN event e ON e.task_seq = t.seq
                        WHERE t.id = ? AND e.sequence > ? ORDER BY e.sequence LIMIT \(QueryLimit.rows)
                        """), arguments: [id.rawValue, sequence]
            ).compactMap { row in
                TaskEvent.Kind(rawValue: row[2]).map {
                    TaskEvent(
                        sequence: row[0], taskID: id, attempt: row[1], kind: $0, message: row[3],
                        at: StoredTime.date(row[4]))
                }
            }
        }
    }
}

extension TaskAttempt {
    /// What to select, in the order that `init` reads. `a` is `attempt`.
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
