internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func discard(
        _ results: [(lease: Lease, result: AttemptResult)]
    ) async throws(StoreError) -> [Lease: LateEnd] {
        guard !results.isEmpty else { return [:] }
        return try await writer.perform("discard") { scope in
            var ends: [Lease: LateEnd] = [:]
            for (lease, result) in results { ends[lease] = try scope.discard(lease, result) }
            return ends
        }
    }
}

extension WriteScope {
    fileprivate func discard(_ lease: Lease, _ result: AttemptResult) throws -> LateEnd {
        guard let seq = try HistorySQL.number(of: lease.taskID, db),
            let found = try first(HistorySQL.end, [seq, lease.attempt])
        else { return .unknown }
        if found[0] as Int64? == lease.token { return .recorded }
        guard try held(lease) == nil else { return .stillHeld }
        let entry = Settlement.late(result)
        let told = try first(
            "SELECT 1 FROM event WHERE task_seq = ? AND attempt = ? AND kind = ?",
            [seq, lease.attempt, entry.kind.rawValue])
        if told == nil { try note(entry.kind, entry.message, task: seq, attempt: lease.attempt) }
        return .refused
    }
}
