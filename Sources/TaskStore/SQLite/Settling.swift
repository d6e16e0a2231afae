internal import GRDB
internal import TaskModel

/// Ends leases: the attempt, the task, the timeline and the counts in one go.
struct Settling {
    private let scope: WriteScope
    private var release: RawStatement
    private var end: RawStatement

    init(_ scope: WriteScope) throws {
        self.scope = scope
        release = try scope.raw("DELETE FROM lease WHERE task_seq = ?")
        end = try scope.raw(SettleSQL.end)
    }

    /// `lease` is that of the holder, when it was the holder who ended it.
    mutating func settle(
        _ held: HeldLease, _ settlement: Settlement, _ result: AttemptResult, endedBy lease: Lease? = nil
    ) throws {
        release.bind(held.seq)
        try release.run()
        let isTold = settlement.state == .complete
        let deliveries = max(0, held.deliveries - settlement.deliveriesBack)
        if settlement.state.isTerminal {
            end.bind(settlement.state.rawValue)
            end.bind(settlement.failures)
            end.bind(settlement.interruptions)
            end.bind(deliveries)
            end.bind(held.cancelRequested)
            end.bind(isTold ? try scope.nextSequence() : nil)
            bind(held, result, lease, to: &end)
            end.bind(held.seq)
            try end.run()
        } else {
            try keep(held, result, lease)
            try scope.run(
                SettleSQL.again,
                [
                    settlement.state.rawValue, result.outcome.rawValue, result.exitCode,
                    StoredText.clean(result.reason), settlement.failures, settlement.interruptions, deliveries,
                    held.attempt, StoredTime.add(settlement.delay, to: scope.now), progress(held, result),
                    held.worker,
                    held.startedAt, held.seq,
                ])
            if settlement.state == .enqueued { try scope.ready(held.seq) }
        }
        if !isTold {
            for entry in settlement.entries {
                try scope.note(entry.kind, entry.message, task: held.seq, attempt: held.attempt)
            }
        }
        scope.counts.move(queue: held.queue, from: .inProgress, to: settlement.state)
    }

    /// Keeps an attempt that another one follows.
    private func keep(_ held: HeldLease, _ result: AttemptResult, _ lease: Lease?) throws {
        var insert = try scope.raw(SettleSQL.keep)
        insert.bind(held.seq)
        bind(held, result, lease, to: &insert)
        try insert.run()
    }

    /// What was told with the end counts more: it may be all that came of what was said while the store was away.
    private func progress(_ held: HeldLease, _ result: AttemptResult) -> Double? {
        StoredPercent.clean(result.progress) ?? held.progress
    }

    /// Binds what there is to know of an attempt, in the order of `SettleSQL.attempt`.
    private func bind(_ held: HeldLease, _ result: AttemptResult, _ lease: Lease?, to statement: inout RawStatement) {
        let usage = result.usage
        statement.bind(held.attempt)
        statement.bind(held.supervisor)
        statement.bind(held.host)
        statement.bind(held.worker)
        statement.bind(held.claimedAt)
        statement.bind(held.startedAt)
        statement.bind(scope.now)
        statement.bind(result.outcome.rawValue)
        statement.bind(result.exitCode)
        statement.bind(StoredText.clean(result.reason))
        statement.bind(usage?.wallSeconds)
        statement.bind(usage?.cpuSeconds)
        statement.bind(usage?.maxResidentBytes)
        statement.bind(usage?.outputBytes)
        statement.bind(usage?.outputDropped)
        statement.bind(result.report.flatMap(ReportCoding.text(of:)))
        statement.bind(result.result)
        statement.bind(progress(held, result))
        statement.bind(lease?.token)
        statement.bind(held.claimedSequence)
        statement.bind(held.startedSequence)
        statement.bind(held.notedAt)
    }
}

/// The statements that end attempts.
enum SettleSQL {
    /// What is known of an attempt that has ended. `task_state` has these columns for the one that ended the task.
    private static let attempt = [
        "attempt", "supervisor", "host", "worker", "claimed_at", "started_at", "finished_at", "outcome", "exit_code",
        "reason", "wall_seconds", "cpu_seconds", "max_resident_bytes", "output_bytes", "output_dropped", "report",
        "result", "progress", "ended_token", "claimed_seq", "started_seq", "noted_at",
    ]
    private static let columns = attempt.joined(separator: ", ")

    static let end = """
        UPDATE task_state SET state = ?, failures = failures + ?, interruptions = interruptions + ?, deliveries = ?,
            cancel_requested = ?, ended_seq = ?, expire_at = NULL,
            \(attempt.map { "\($0) = ?" }.joined(separator: ", "))
        WHERE seq = ?
        """
    static let again = """
        UPDATE task_state SET state = ?, outcome = ?, exit_code = ?, reason = ?, failures = failures + ?,
            interruptions = interruptions + ?, deliveries = ?, attempt = ?, run_at = ?, progress = ?, worker = ?,
            started_at = ?, finished_at = NULL
        WHERE seq = ?
        """
    static let keep = """
        INSERT INTO attempt (task_seq, \(columns)) VALUES (?\(String(repeating: ", ?", count: attempt.count)))
        """
    /// Of a task that has ended and goes on.
    static let keepLast = """
        INSERT INTO attempt (task_seq, \(columns))
        SELECT seq, \(columns) FROM task_state WHERE seq = ? AND claimed_at IS NOT NULL
        """
    static let forgetLast = """
        UPDATE task_state SET supervisor = NULL, host = NULL, claimed_at = NULL, claimed_seq = NULL, started_seq = NULL,
            noted_at = NULL, ended_seq = NULL, ended_token = NULL, wall_seconds = NULL, cpu_seconds = NULL,
            max_resident_bytes = NULL, output_bytes = NULL, output_dropped = NULL, report = NULL, result = NULL
        WHERE seq = ? AND claimed_at IS NOT NULL
        """
}

extension WriteScope {
    /// Ends one lease.
    func settle(_ held: HeldLease, _ settlement: Settlement, _ result: AttemptResult) throws {
        var settling = try Settling(self)
        try settling.settle(held, settlement, result)
    }

    /// Keeps the attempt that ended a task among those that another one follows.
    func keepLastAttempt(of seq: Int64) throws {
        try run(SettleSQL.keepLast, [seq])
        try run(SettleSQL.forgetLast, [seq])
    }
}
