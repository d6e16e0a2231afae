internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func attempts(of id: TaskID) async throws(StoreError) -> [TaskAttempt] {
        guard let key = UUIDBytes(id.rawValue) else { return [] }
        let query = PostgresQuery(
            """
            SELECT \(PostgresAttemptRow.columns) FROM acode.attempt_now a \(PostgresAttemptRow.claimant) WHERE a.id = $1 ORDER BY a.attempt
            LIMIT \(QueryLimit.rows)
            """, [.uuid(key)])
        return try await read(query, "read attempts", PostgresAttemptRow.read)
    }

    package func attempts(onWorkersWithPrefix prefix: String) async throws(StoreError) -> [TaskAttempt] {
        let query = PostgresQuery(
            """
            SELECT \(PostgresAttemptRow.columns) FROM acode.attempt_now a \(PostgresAttemptRow.claimant) WHERE starts_with(a.worker, $1)
            ORDER BY a.started_at, a.claimed_at LIMIT \(QueryLimit.rows)
            """, [.clean(prefix)])
        return try await read(query, "read a worker's attempts", PostgresAttemptRow.read)
    }

    package func events(of id: TaskID, after sequence: Int64) async throws(StoreError) -> [TaskEvent] {
        guard let key = UUIDBytes(id.rawValue) else { return [] }
        let query = PostgresQuery(
            """
            SELECT sequence, attempt, kind, message, at FROM acode.timeline WHERE id = $1 AND sequence > $2
            ORDER BY sequence LIMIT \(QueryLimit.rows)
            """, [.uuid(key), .int(sequence)])
        return try await read(query, "read events") { row throws(PostgresError) -> TaskEvent? in
            guard let kind = TaskEvent.Kind(rawValue: try row.text(2)) else { return nil }
            return TaskEvent(
                sequence: try row.int(0), taskID: id, attempt: Int(try row.int(1)), kind: kind,
                message: try row.text(3), at: StoredTime.date(try row.int(4)))
        }.compactMap { $0 }
    }
}

/// Reads attempts.
private enum PostgresAttemptRow {
    static let columns = """
        a.id, a.attempt, coalesce(h.supervisor, ''), coalesce(h.host, '\(PostgresClaimantSQL.unknownHost)'), a.worker, a.claimed_at, a.started_at, a.finished_at, a.outcome, \
        a.exit_code, a.reason, a.wall_seconds, a.cpu_seconds, a.max_resident_bytes, a.output_bytes, a.output_dropped, \
        a.report, a.result, h.installation, a.progress
        """

    static let claimant = "LEFT JOIN acode.claimant h ON \(PostgresSQL.same("h.number", "a.claimant"))"

    static func read(_ row: PostgresRow) throws(PostgresError) -> TaskAttempt {
        var attempt = TaskAttempt(
            taskID: TaskID(rawValue: try row.uuid(0).text), attempt: Int(try row.int(1)),
            supervisor: SupervisorID(rawValue: try row.text(2)), host: try row.text(3),
            claimedAt: StoredTime.date(try row.int(5)))
        attempt.worker = row.optionalText(4).map(WorkerID.init(rawValue:))
        attempt.startedAt = try row.optionalInt(6).map(StoredTime.date)
        attempt.finishedAt = try row.optionalInt(7).map(StoredTime.date)
        attempt.outcome = row.optionalText(8).flatMap(TaskOutcome.init(rawValue:))
        attempt.exitCode = try row.optionalInt(9).map(Int.init)
        attempt.reason = row.optionalText(10)
        if let resident = try row.optionalInt(13) {
            attempt.usage = AttemptUsage(
                wallSeconds: try row.optionalDouble(11) ?? 0, cpuSeconds: try row.optionalDouble(12) ?? 0,
                maxResidentBytes: resident, outputBytes: try row.optionalInt(14) ?? 0,
                outputDropped: try row.optionalInt(15) ?? 0)
        }
        attempt.report = row.optionalText(16).flatMap(ReportCoding.report(in:))
        attempt.result = row.optionalText(17)
        attempt.installation = row.optionalText(18)
        attempt.progress = try row.optionalDouble(19)
        return attempt
    }
}
