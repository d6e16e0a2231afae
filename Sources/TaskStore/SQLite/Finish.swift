internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func finish(_ results: [(lease: Lease, result: AttemptResult)]) async throws(StoreError) -> Set<Lease> {
        guard !results.isEmpty else { return [] }
        return try await writer.perform("finish") { scope in
            var current: Set<Lease> = []
            for (lease, result) in results {
                guard let held = try scope.held(lease) else { continue }
                // Told here too, because the end of a short command may overtake the news of its start.
                if let worker = result.worker, let at = result.startedAt, !held.hasStarted {
                    try scope.start(held, worker: worker, at: at)
                }
                let settlement = Settlement.ended(result, cancelRequested: held.cancelRequested)
                try scope.settle(held, settlement, result, endedBy: lease)
                current.insert(lease)
            }
            return current
        }
    }
}

extension WriteScope {
    /// Ends a lease: the attempt, the task, the timeline and the counts in one go. `lease` is that of the holder, when it
    /// was the holder who ended it.
    func settle(
        _ held: HeldLease, _ settlement: Settlement, _ result: AttemptResult, endedBy lease: Lease? = nil
    ) throws {
        let outcome = result.outcome.rawValue
        let reason = StoredText.clean(result.reason)
        let usage = result.usage
        try run("DELETE FROM lease WHERE task_seq = ?", [held.seq])
        try run(
            """
            UPDATE attempt SET finished_at = ?, outcome = ?, exit_code = ?, reason = ?, wall_seconds = ?,
                cpu_seconds = ?, max_resident_bytes = ?, output_bytes = ?, output_dropped = ?, report = ?,
                result = ?, ended_token = ?
            WHERE task_seq = ? AND attempt = ?
            """,
            [
                now, outcome, result.exitCode, reason, usage?.wallSeconds, usage?.cpuSeconds, usage?.maxResidentBytes,
                usage?.outputBytes, usage?.outputDropped,
                result.report.flatMap(ReportCoding.text(of:)), result.result, lease?.token, held.seq, held.attempt,
            ])
        try run(
            """
            UPDATE task_state SET state = ?, outcome = ?, exit_code = ?, reason = ?, failures = failures + ?,
                interruptions = interruptions + ?, deliveries = max(0, deliveries - ?), run_at = CASE WHEN ? THEN run_at ELSE ? END, finished_at = ?,
                expire_at = CASE WHEN ? THEN NULL ELSE expire_at END
            WHERE seq = ?
            """,
            [
                settlement.state.rawValue, outcome, result.exitCode, reason, settlement.failures,
                settlement.interruptions, settlement.deliveriesBack, settlement.state.isTerminal,
                StoredTime.add(settlement.delay, to: now),
                settlement.state.isTerminal ? now : nil, settlement.state.isTerminal, held.seq,
            ])
        for entry in settlement.entries { try note(entry.kind, entry.message, task: held.seq, attempt: held.attempt) }
        counts.move(queue: held.queue, from: .inProgress, to: settlement.state)
    }
}
