internal import GRDB
internal import TaskModel

extension SQLiteTaskStore {
    package func note(_ action: AuditAction, _ detail: String) async throws(StoreError) {
        guard let author = AuditAuthor.current else { return }
        try await writer.perform("note what was done") { scope in
            try scope.audit(author, action, task: nil, queue: nil, detail)
        }
    }

    package func audit(matching filter: AuditFilter) async throws(StoreError) -> [AuditEntry] {
        try await read("read what was done by hand") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT sequence, at, author, uid, host, command, reason, action, task, queue, detail FROM audit
                        WHERE (?1 IS NULL OR task = ?1) AND (?2 IS NULL OR queue = ?2)
                        ORDER BY sequence DESC LIMIT \(QueryLimit.clamp(filter.limit))
                        """), arguments: [filter.task?.rawValue, StoredText.clean(filter.queue)]
            ).compactMap(AuditEntry.init)
        }
    }

    package func pruneAudit(olderThan age: Duration) async throws(StoreError) -> Int {
        let latest = StoredTime.milliseconds(clock.now()) - StoredTime.milliseconds(age)
        let oldest = try await read("look for old records") { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT sequence FROM (SELECT sequence, at FROM audit ORDER BY sequence LIMIT \(prunedAtOnce))
                    WHERE at <= ? ORDER BY sequence
                    """, arguments: [latest])
        }
        guard let last = oldest.last else { return 0 }
        try await writer.perform("prune records", surviving: .processEnd) { scope in
            try scope.run("DELETE FROM audit WHERE sequence <= ? AND at <= ?", [last, latest])
        }
        return oldest.count
    }
}

extension WriteScope {
    /// Notes what somebody did by hand; nothing when nobody did it.
    func audit(
        _ author: AuditAuthor?, _ action: AuditAction, task: TaskID?, queue: String?, _ detail: String
    ) throws {
        guard let author else { return }
        try run(
            """
            INSERT INTO audit (at, author, uid, host, command, action, task, queue, detail, reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                now, StoredText.clean(author.user), Int64(author.uid), StoredText.clean(author.host),
                StoredText.clean(author.command), action.rawValue, task?.rawValue, queue, StoredText.clean(detail),
                StoredText.clean(author.reason),
            ])
    }
}

extension AuditEntry {
    fileprivate init?(_ row: Row) {
        // What a newer program notes is not this one's to show.
        guard let action = AuditAction(rawValue: row[7]) else { return nil }
        let author = AuditAuthor(
            user: row[2], uid: UInt32(clamping: row[3] as Int64), host: row[4], command: row[5], reason: row[6])
        self.init(
            sequence: row[0], at: StoredTime.date(row[1]), author: author, action: action,
            task: (row[8] as String?).map(TaskID.init(rawValue:)), queue: row[9], detail: row[10])
    }
}
