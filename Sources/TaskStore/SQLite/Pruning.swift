internal import Foundation
internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func prune(
        _ rules: [PruneRule], after cursor: PruneCursor?, isRehearsal: Bool
    ) async throws(StoreError) -> PrunePage {
        let now = StoredTime.milliseconds(clock.now())
        let after = cursor.flatMap { Int64($0.rawValue) } ?? 0
        // Found without the write lock, and looked at again under it.
        let found = try await read("look for what has to go") { db in
            try Row.fetchAll(db.cachedStatement(sql: PruneSQL.page), arguments: [after]).map(PruneSQL.candidate)
        }
        var choice = PruneChoice(rules, now: now)
        let chosen = found.filter { choice.takes($0.task) }
        var page = PrunePage()
        if found.count == prunedAtOnce, choice.mayGoOn(after: found.map(\.task)) {
            page.next = found.last.map { PruneCursor(String($0.seq)) }
        }
        guard !chosen.isEmpty, !isRehearsal else {
            page.pruned = chosen.map { ($0.task.id, $0.task.state) }
            return page
        }
        // What a loss of power brings back goes the next time.
        page.pruned = try await writer.perform("prune", surviving: .processEnd) { scope in
            try chosen.filter { try scope.forget($0) }.map { ($0.task.id, $0.task.state) }
        }
        return page
    }

    package func known(_ ids: [TaskID]) async throws(StoreError) -> Set<TaskID> {
        let wanted = DeadLetterQuery.json(ids.map(\.rawValue))
        return try await read("look for tasks") { db in
            Set(
                try String.fetchAll(
                    db.cachedStatement(sql: "SELECT id FROM task WHERE id IN (SELECT value FROM json_each(?))"),
                    arguments: [wanted]
                ).map(TaskID.init(rawValue:)))
        }
    }

    package func identity() async throws(StoreError) -> String {
        try await read("read the store's identity") { db in
            try String.fetchOne(db, sql: "SELECT id FROM identity") ?? ""
        }
    }

    package func compact() async throws(StoreError) {
        try await writer.alone("compact") { db in
            try db.execute(sql: "VACUUM")
            // Only then is the file itself smaller. Readers may keep it from that, until somebody closes it.
            _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
    }
}

/// The statement that pages through all tasks; a test explains it.
enum PruneSQL {
    static let page = """
        SELECT s.seq, t.id, s.state, t.created_at, s.finished_at, s.queue, s.attempt,
            CASE WHEN s.finished_at IS NOT NULL AND EXISTS (SELECT 1 FROM unique_claim u WHERE u.task_seq = s.seq)
                THEN \(SpecSQL.value("unique.window")) END
        FROM task_state s JOIN task t ON t.seq = s.seq WHERE s.seq > ? ORDER BY s.seq LIMIT \(prunedAtOnce)
        """

    struct Found: Sendable {
        let seq: Int64
        let queue: String
        let attempt: Int
        let task: PruneCandidate
    }

    static func candidate(_ row: Row) -> Found {
        // One in a state of a newer program isn't this one's to judge, so it counts as one that has not ended.
        let state = TaskState(rawValue: row[2]) ?? .inProgress
        let window = (row[7] as Double?).map { StoredTime.milliseconds(seconds: max(0, $0)) }
        let task = PruneCandidate(
            id: TaskID(rawValue: row[1]), state: state, createdAt: row[3], finishedAt: row[4],
            keepsOutUntil: window.map { StoredTime.add($0, to: row[3]) })
        return Found(seq: row[0], queue: row[5], attempt: row[6], task: task)
    }
}

extension WriteScope {
    /// Forgets a task unless it has changed since it was found, and says whether it did.
    fileprivate func forget(_ found: PruneSQL.Found) throws -> Bool {
        let row = try first(
            "SELECT 1 FROM task_state WHERE seq = ? AND state = ? AND finished_at = ?",
            [found.seq, found.task.state.rawValue, found.task.finishedAt])
        guard row != nil else { return false }
        try forget(
            Standing(
                seq: found.seq, state: found.task.state, attempt: found.attempt, queue: found.queue,
                cancelRequested: false))
        return true
    }
}
