internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func save(_ checkpoint: CheckpointDraft, lease: Lease) async throws(StoreError) -> CheckpointVerdict {
        try CheckpointText.check(checkpoint, operation: "save a checkpoint")
        return try await writer.perform("save a checkpoint") { scope in
            guard let held = try scope.held(lease) else { return .leaseLost }
            return try scope.save(checkpoint, held)
        }
    }

    package func discard(
        checkpointsAfter number: Int, because reason: String, lease: Lease
    ) async throws(StoreError) -> Bool {
        try await writer.perform("discard checkpoints") { scope in
            guard let held = try scope.held(lease) else { return false }
            try scope.discardCheckpoints(of: held.seq, after: number)
            try scope.note(.checkpointDiscarded, reason, task: held.seq, attempt: held.attempt)
            return true
        }
    }

    package func checkpoints(of id: TaskID) async throws(StoreError) -> [TaskCheckpoint] {
        try await read("read checkpoints") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT c.number, c.attempt, c.phase, c.data, c.artifacts, c.shelf, c.host, c.at, c.discarded
                        FROM task t JOIN checkpoint c ON c.task_seq = t.seq
                        WHERE t.id = ? ORDER BY c.number DESC LIMIT \(QueryLimit.rows)
                        """), arguments: [id.rawValue]
            ).map { row in
                TaskCheckpoint(
                    number: row[0], attempt: row[1], phase: row[2], data: row[3],
                    artifacts: CheckpointText.artifacts(in: row[4]), shelf: row[5], host: row[6],
                    updatedAt: StoredTime.date(row[7]), isDiscarded: row[8])
            }
        }
    }
}

extension WriteScope {
    fileprivate func save(_ draft: CheckpointDraft, _ held: HeldLease) throws -> CheckpointVerdict {
        let before = try first("SELECT checkpoint_phase, checkpoint_at FROM task_state WHERE seq = ?", [held.seq])
        let (phase, at): (Int?, Int64?) = (before?[0], before?[1])
        if let phase, draft.phase < phase, !draft.isForced { return .behind(phase: phase) }
        let last = try first(
            "SELECT number, attempt FROM checkpoint WHERE task_seq = ? ORDER BY number DESC LIMIT 1", [held.seq])
        let (lastNumber, lastAttempt): (Int?, Int?) = (last?[0], last?[1])
        let number = (lastNumber ?? 0) + 1
        // A phase that is saved again has one checkpoint, so that there is still one before it to fall back on.
        try run(
            "DELETE FROM checkpoint WHERE task_seq = ? AND attempt = ? AND phase = ? AND discarded = 0",
            [held.seq, held.attempt, draft.phase])
        try run("UPDATE checkpoint SET discarded = 1 WHERE task_seq = ? AND phase > ?", [held.seq, draft.phase])
        try run(
            """
            INSERT INTO checkpoint (task_seq, number, attempt, phase, data, artifacts, shelf, host, at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                held.seq, number, held.attempt, draft.phase, draft.data, CheckpointText.artifacts(draft.artifacts),
                draft.shelf, StoredText.clean(draft.host), now,
            ])
        try run(
            """
            DELETE FROM checkpoint WHERE task_seq = ?1 AND attempt = ?2 AND number NOT IN (
                SELECT number FROM checkpoint WHERE task_seq = ?1 AND attempt = ?2
                ORDER BY number DESC LIMIT \(CheckpointText.keptPerAttempt))
            """, [held.seq, held.attempt])
        try run(
            "UPDATE task_state SET checkpoint_phase = ?, checkpoint_at = ? WHERE seq = ?",
            [draft.phase, now, held.seq])
        let isNews = phase != draft.phase || lastAttempt != held.attempt
        if isNews || now - (at ?? 0) >= CheckpointText.quietTime {
            try note(.checkpointSaved, CheckpointText.words(draft), task: held.seq, attempt: held.attempt)
        }
        return .saved(number: number)
    }

    /// Lets no attempt begin at a checkpoint after `number` any more.
    func discardCheckpoints(of seq: Int64, after number: Int) throws {
        try run("UPDATE checkpoint SET discarded = 1 WHERE task_seq = ? AND number > ?", [seq, number])
        let mark = try first(
            "SELECT phase, at FROM checkpoint WHERE task_seq = ? AND discarded = 0 ORDER BY number DESC LIMIT 1", [seq])
        let (phase, at): (Int?, Int64?) = (mark?[0], mark?[1])
        try run("UPDATE task_state SET checkpoint_phase = ?, checkpoint_at = ? WHERE seq = ?", [phase, at, seq])
    }
}
