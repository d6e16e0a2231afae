internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func adopt(
        _ claimed: Lease, from previous: [SupervisorID], by supervisor: SupervisorID, host: String,
        for duration: Duration
    ) async throws(StoreError) -> ClaimedTask? {
        let owners = Set(previous)
        let row = try await writer.perform("adopt", surviving: .processEnd) { scope in
            try scope.adopt(claimed, from: owners, by: supervisor, host: host, for: duration)
        }
        return try row.map { row throws(StoreError) in
            try row.claimed("adopt")
        }
    }
}

extension WriteScope {
    fileprivate func adopt(
        _ claimed: Lease, from previous: Set<SupervisorID>, by supervisor: SupervisorID, host: String,
        for duration: Duration
    ) throws -> ClaimedRow? {
        guard
            let found = try first(
                """
                SELECT \(TaskRow.columns), s.seq AS lease_seq, l.supervisor AS owner, l.hard_until
                FROM task t JOIN lease l ON l.task_seq = t.seq JOIN task_now s ON s.seq = t.seq
                WHERE t.id = ? AND l.attempt = ? AND coalesce(l.origin, l.token) = ?
                """, [claimed.taskID.rawValue, claimed.attempt, claimed.token]),
            previous.contains(SupervisorID(rawValue: found["owner"]))
        else { return nil }
        let seq: Int64 = found["lease_seq"]
        let lease = Lease(taskID: claimed.taskID, attempt: claimed.attempt, token: .random(in: .min ... .max))
        let host = StoredText.clean(host)
        // Who claimed it first is told by the lease no more.
        try run(
            """
            INSERT INTO event (sequence, task_seq, attempt, kind, message, at)
            SELECT sequence, task_seq, attempt, kind, message, at FROM timeline
            WHERE task_seq = ?1 AND sequence = (SELECT claimed_seq FROM lease WHERE task_seq = ?1)
            """, [seq])
        try run(
            """
            UPDATE lease SET token = ?, origin = ?, supervisor = ?, host = ?, lease_until = ?, claimed_seq = NULL
            WHERE task_seq = ?
            """,
            [
                lease.token, claimed.token, supervisor.rawValue, host,
                StoredTime.add(StoredTime.milliseconds(duration), to: now), seq,
            ])
        try note(
            .adopted, "taken over by another supervisor on \(host) while it runs", task: seq,
            attempt: claimed.attempt)
        return ClaimedRow(
            task: TaskRow(found), lease: lease, renewable: (found["hard_until"] as Int64?).map { max(0, $0 - now) })
    }
}
