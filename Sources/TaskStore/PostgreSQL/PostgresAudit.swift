internal import PostgreSQL
internal import TaskModel

extension PostgresTaskStore {
    package func note(_ action: AuditAction, _ detail: String) async throws(StoreError) {
        guard let author = AuditAuthor.current else { return }
        _ = try await run(PostgresAuditSQL.note(author, action, queue: nil, detail, clock), "note what was done")
    }

    package func audit(matching filter: AuditFilter) async throws(StoreError) -> [AuditEntry] {
        var parameters: [PostgresValue] = []
        var conditions = ["true"]
        if let task = filter.task {
            guard let id = UUIDBytes(task.rawValue) else { return [] }
            parameters.append(.uuid(id))
            conditions.append("task = $\(parameters.count)")
        }
        if let queue = filter.queue {
            parameters.append(.clean(queue))
            conditions.append("queue = $\(parameters.count)")
        }
        let query = PostgresQuery(
            """
            SELECT sequence, at, author, uid, host, command, reason, action, task, queue, detail FROM acode.audit
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY sequence DESC
            LIMIT \(QueryLimit.clamp(filter.limit))
            """, parameters)
        return try await read(query, "read what was done by hand", AuditEntry.read).compactMap(\.self)
    }

    package func pruneAudit(olderThan age: Duration) async throws(StoreError) -> Int {
        let query = PostgresQuery(
            """
            WITH \(PostgresSQL.clock(1)),
            oldest AS MATERIALIZED (
                SELECT sequence, at FROM acode.audit ORDER BY sequence LIMIT \(prunedAtOnce) FOR UPDATE SKIP LOCKED)
            DELETE FROM acode.audit a USING oldest o, clock
            WHERE a.sequence = o.sequence AND o.at <= clock.now - $2::bigint RETURNING a.sequence
            """, [clock, .int(StoredTime.milliseconds(age))])
        return try await run(query, "prune records").count
    }
}

/// The statements that note what was done by hand.
enum PostgresAuditSQL {
    /// The columns in the order of `parameters`, then `action`, `task`, `queue`, `detail`.
    static let columns = "acode.audit (at, author, uid, host, command, reason, action, task, queue, detail)"

    /// What `values` names, NULL without an author.
    static func parameters(_ author: AuditAuthor?) -> [PostgresValue] {
        [
            .clean(author?.user), .int(author.map { Int64($0.uid) }), .clean(author?.host), .clean(author?.command),
            .clean(author?.reason),
        ]
    }

    /// The first columns of a row, beginning at parameter `first`; `now` is the time.
    static func values(_ first: Int) -> String {
        "now, $\(first)::text, $\(first + 1)::bigint, $\(first + 2)::text, $\(first + 3)::text, $\(first + 4)::text"
    }

    /// Whether there is an author.
    static func isSigned(_ first: Int) -> String { "$\(first)::text IS NOT NULL" }

    /// One row that belongs to no task.
    static func note(
        _ author: AuditAuthor, _ action: AuditAction, queue: String?, _ detail: String, _ clock: PostgresValue
    ) -> PostgresQuery {
        PostgresQuery(
            """
            WITH \(PostgresSQL.clock(1))
            INSERT INTO \(columns) SELECT \(values(5)), $2::text, NULL, $3::text, $4::text FROM clock
            """,
            [clock, .text(action.rawValue), .clean(queue), .clean(detail)] + parameters(author))
    }
}

extension AuditEntry {
    /// `nil` for what a newer program notes, which is not this one's to show.
    fileprivate static func read(_ row: PostgresRow) throws(PostgresError) -> AuditEntry? {
        guard let action = AuditAction(rawValue: try row.text(7)) else { return nil }
        let author = AuditAuthor(
            user: try row.text(2), uid: UInt32(clamping: try row.int(3)), host: try row.text(4),
            command: try row.text(5), reason: row.optionalText(6))
        let task: TaskID? = row.optionalText(8) == nil ? nil : TaskID(rawValue: try row.uuid(8).text)
        return AuditEntry(
            sequence: try row.int(0), at: StoredTime.date(try row.int(1)), author: author, action: action, task: task,
            queue: row.optionalText(9), detail: try row.text(10))
    }
}
