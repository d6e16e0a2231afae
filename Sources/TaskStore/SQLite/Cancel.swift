internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func cancel(_ task: TaskID, reason: String) async throws(StoreError) -> QueuedTask? {
        let author = AuditAuthor.current
        let row = try await writer.perform("cancel") { scope -> TaskRow? in
            guard let found = try scope.standing(task) else { return nil }
            let words = author?.signing(reason) ?? reason
            switch found.state {
            case .pending, .enqueued:
                try scope.cancelNow(found, reason: reason, words)
                try scope.audit(author, .cancel, task: task, queue: found.queue, "cancelled: \(reason)")
            case .inProgress, .enqueuedForOrchestration:
                if try scope.askToStop(found, words) {
                    try scope.audit(author, .cancel, task: task, queue: found.queue, "asked to stop: \(reason)")
                }
            case .complete, .error, .cancelled, .resolvedManually: break
            }
            return try scope.taskRow(found.seq)
        }
        return try row?.task("cancel")
    }

    package func requeue(_ task: TaskID, fromStart: Bool) async throws(StoreError) -> QueuedTask? {
        let author = AuditAuthor.current
        let row = try await writer.perform("requeue") { scope -> TaskRow? in
            guard let found = try scope.standing(task) else { return nil }
            switch found.state {
            case .error, .cancelled: _ = try scope.beginAgain(found, task, author, fromStart: fromStart)
            case .pending, .enqueued, .inProgress, .enqueuedForOrchestration, .complete, .resolvedManually: break
            }
            return try scope.taskRow(found.seq)
        }
        return try row?.task("requeue")
    }
}

/// Where a task stands, as far as a person's command needs to know.
struct Standing {
    let seq: Int64
    let state: TaskState
    let attempt: Int
    let queue: String
    let cancelRequested: Bool
}

extension WriteScope {
    fileprivate func standing(_ id: TaskID) throws -> Standing? {
        let row = try first(
            """
            SELECT s.seq, s.state, s.attempt, s.queue, s.cancel_requested
            FROM task t JOIN task_now s ON s.seq = t.seq WHERE t.id = ?
            """, [id.rawValue])
        guard let row else { return nil }
        guard let state = TaskState(rawValue: row[1]) else {
            throw StoreError(.corrupt, "task \(id) is in an unknown state", operation: "read a task")
        }
        return Standing(seq: row[0], state: state, attempt: row[2], queue: row[3], cancelRequested: row[4])
    }

    fileprivate func taskRow(_ seq: Int64) throws -> TaskRow? {
        try first(
            "SELECT \(TaskRow.columns) FROM task_now s JOIN task t ON t.seq = s.seq WHERE s.seq = ?", [seq]
        ).map(TaskRow.init)
    }

    fileprivate func cancelNow(_ found: Standing, reason: String, _ words: String) throws {
        try unready(found.seq)
        try run(
            """
            UPDATE task_state SET state = 'cancelled', outcome = ?, reason = ?, cancel_requested = 1, finished_at = ?,
                expire_at = NULL
            WHERE seq = ?
            """, [TaskOutcome.cancelled.rawValue, StoredText.clean(reason), now, found.seq])
        try note(.cancelled, words, task: found.seq, attempt: found.attempt)
        counts.move(queue: found.queue, from: found.state, to: .cancelled)
    }

    /// Returns false when somebody has asked before.
    fileprivate func askToStop(_ found: Standing, _ words: String) throws -> Bool {
        guard !found.cancelRequested else { return false }
        try run("UPDATE lease SET cancel_requested = 1 WHERE task_seq = ?", [found.seq])
        try note(.cancelRequested, words, task: found.seq, attempt: found.attempt)
        return true
    }

    /// Puts a task back with fresh counts, and `fromStart` without its checkpoints. Returns false, and does nothing, when
    /// another one that has not ended has its unique key.
    func beginAgain(_ found: Standing, _ id: TaskID, _ author: AuditAuthor?, fromStart: Bool) throws -> Bool {
        let row = try first(
            """
            SELECT \(SpecSQL.value("unique.key")), \(SpecSQL.value("ttl")), \(SpecSQL.value("image"))
            FROM task t WHERE t.seq = ?
            """, [found.seq])
        let (key, ttl, image): (String?, Double?, String?) = (row?[0], row?[1], row?[2])
        if let key = key.map({ StoredText.clean($0) }) {
            let holder = try first(
                "SELECT s.state FROM unique_claim u JOIN task_state s ON s.seq = u.task_seq WHERE u.queue = ? AND u.key = ?",
                [found.queue, key])
            if let holder, TaskState(rawValue: holder[0])?.isTerminal == false { return false }
            try run(
                "INSERT OR REPLACE INTO unique_claim (queue, key, task_seq) VALUES (?, ?, ?)",
                [found.queue, key, found.seq])
        }
        try keepLastAttempt(of: found.seq)
        try run(
            """
            UPDATE task_state SET state = 'enqueued', run_at = ?, deliveries = 0, failures = 0, interruptions = 0,
                cancel_requested = 0, progress = NULL, outcome = NULL, exit_code = NULL, reason = NULL,
                finished_at = NULL, expire_at = ?, image = ?
            WHERE seq = ?
            """,
            [
                now, ttl.map { StoredTime.add(StoredTime.milliseconds(seconds: max(0, $0)), to: now) },
                StoredText.clean(image), found.seq,
            ])
        try ready(found.seq)
        if fromStart { try discardCheckpoints(of: found.seq, after: 0) }
        let words = CheckpointText.requeued(fromStart: fromStart)
        try note(.requeued, author?.signing(words) ?? words, task: found.seq, attempt: found.attempt)
        try audit(author, .requeue, task: id, queue: found.queue, "put back, it was \(found.state.rawValue)")
        counts.move(queue: found.queue, from: found.state, to: .enqueued)
        return true
    }
}
