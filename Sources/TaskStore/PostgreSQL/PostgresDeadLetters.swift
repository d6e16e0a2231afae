internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func deadLetters(matching filter: DeadLetterFilter) async throws(StoreError) -> [QueuedTask] {
        // Also those of which nobody can tell what they were to run: that is why they are here, and people must find them.
        let rows = try await read(letters(filter).list, "list dead letters", PostgresTaskRow.letter)
        return rows.compactMap { $0 }
    }

    package func requeue(
        deadLetters filter: DeadLetterFilter, fromStart: Bool
    ) async throws(StoreError) -> [TaskID] {
        let rows = try await run(letters(filter).requeue(fromStart: fromStart), "requeue dead letters").last
        guard let rows else { return [] }
        if rows.count > 0 { await foldSometimes() }
        return try ids(in: rows)
    }

    package func purge(deadLetters filter: DeadLetterFilter) async throws(StoreError) -> [TaskID] {
        let steps = [PostgresQuery(PostgresPruneSQL.holdTasks), letters(filter).purge]
        guard let rows = try await run(steps, "purge dead letters").last else { return [] }
        if rows.count > 0 { await foldSometimes() }
        return try ids(in: rows)
    }

    private func letters(_ filter: DeadLetterFilter) -> PostgresDeadLetters {
        PostgresDeadLetters(filter, clock: clock, writer: me)
    }
}

/// The statements about dead letters that fit a filter, which find them where they are parked. Only the conditions that are
/// set are in them, so that a look by ids uses their key.
struct PostgresDeadLetters {
    /// `$1` the time, `$2` the writer, `$3` the limit, then the values of conditions.
    private let parameters: [PostgresValue]
    private let conditions: String

    init(_ filter: DeadLetterFilter, clock: PostgresValue, writer: PostgresValue) {
        var parameters = [clock, writer, .int(Int64(QueryLimit.clamp(filter.limit)))]
        // The second so that the row is looked at, which keeps the planner from reading the index alone, and that as a whole.
        var conditions = "p.state = 'error' AND s.state = 'error'"
        func add(_ value: PostgresValue, _ condition: (String) -> String) {
            parameters.append(value)
            conditions += " AND " + condition("$\(parameters.count)")
        }
        if let ids = filter.ids {
            add(.uuids(ids.compactMap { UUIDBytes($0.rawValue) })) { "p.id = ANY (\($0)::uuid[])" }
        }
        if let queue = filter.queue { add(.clean(queue)) { "s.queue = \($0)::text" } }
        if let reason = filter.reason {
            // In this collation only the ASCII letters have a case.
            let said = "lower((coalesce(s.outcome, '') || chr(10) || coalesce(s.reason, '')) COLLATE \"C\")"
            add(.clean(reason)) { "strpos(\(said), lower(\($0)::text COLLATE \"C\")) > 0" }
        }
        if let age = filter.minAge {
            add(.int(StoredTime.milliseconds(age))) { "s.finished_at <= (SELECT now FROM clock) - \($0)::bigint" }
        }
        self.parameters = parameters
        self.conditions = conditions
    }

    /// Newest first.
    var list: PostgresQuery {
        PostgresQuery(
            """
            WITH \(PostgresSQL.clock(1))
            SELECT \(PostgresTaskRow.columns) FROM (
                SELECT p.id FROM acode.parked p JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "p.id"))
                WHERE \(conditions) ORDER BY p.id DESC LIMIT $3::bigint) AS letter
            JOIN acode.task_now s ON \(PostgresSQL.same("s.id", "letter.id")) JOIN acode.task t ON \(PostgresSQL.same("t.id", "letter.id")) ORDER BY letter.id DESC
            """, parameters)
    }

    /// Holds the unique keys of the oldest that may go back, no more than are wanted, then puts these back and returns their
    /// ids. One whose key isn't held, because it came to be one of them in between, is left where it is.
    func requeue(fromStart: Bool) -> [PostgresQuery] {
        let from = """
            FROM acode.parked p JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "p.id")) JOIN acode.task t ON \(PostgresSQL.same("t.id", "p.id"))
            WHERE \(conditions)
            """
        let hold = """
            WITH \(PostgresSQL.clock(1)), unused AS (SELECT $2::bigint)
            \(PostgresUniqueSQL.hold("""
                SELECT s.queue, t.unique_key AS key \(from) AND (t.unique_key IS NULL OR \(PostgresUniqueSQL.isUnclaimed))
                ORDER BY p.id LIMIT $3::bigint
                """))
            """
        let find = """
            SELECT p.id, p.state, s.queue, t.unique_key \(from) AND \(PostgresUniqueSQL.isFree)
            ORDER BY p.id LIMIT $3::bigint FOR UPDATE OF p
            """
        return [
            PostgresQuery(hold, parameters),
            PostgresQuery(
                PostgresCancelSQL.beginAgain(
                    finding: find, clock: 1, writer: 2, signature: parameters.count + 1, fromStart: fromStart),
                parameters + PostgresCancelSQL.signature(AuditAuthor.current, fromStart: fromStart)),
        ]
    }

    /// Removes every trace of them, oldest first, and returns their ids; to be run after `holdTasks`. A unique key that is
    /// just being taken over is left to who takes it: one without a task keeps nobody out.
    var purge: PostgresQuery {
        let signature = parameters.count + 1
        return PostgresQuery(
            """
            WITH \(PostgresSQL.clock(1)), \(taken),
            claims AS MATERIALIZED (
                SELECT u.queue, u.key FROM gone JOIN acode.unique_claim u ON \(PostgresSQL.same("u.id", "gone.id")) FOR UPDATE OF u SKIP LOCKED),
            unclaimed AS (
                DELETE FROM acode.unique_claim u USING claims c WHERE \(PostgresSQL.same("u.queue", "c.queue")) AND u.key = c.key
                RETURNING u.id),
            untold AS (DELETE FROM acode.event e USING gone WHERE \(PostgresSQL.same("e.id", "gone.id"))),
            unsaved AS (DELETE FROM acode.checkpoint c USING gone WHERE \(PostgresSQL.same("c.id", "gone.id"))),
            untried AS (DELETE FROM acode.attempt a USING gone WHERE \(PostgresSQL.same("a.id", "gone.id"))),
            unstated AS (DELETE FROM acode.task_state s USING gone WHERE \(PostgresSQL.same("s.id", "gone.id")) RETURNING s.id, s.queue),
            forgotten AS (DELETE FROM acode.task t USING gone WHERE \(PostgresSQL.same("t.id", "gone.id"))),
            counted AS (
                INSERT INTO acode.count_delta (queue, state, change)
                SELECT queue, 'error', -count(*) FROM unstated GROUP BY queue),
            audited AS (
                INSERT INTO \(PostgresAuditSQL.columns)
                SELECT \(PostgresAuditSQL.values(signature)), '\(AuditAction.purge.rawValue)', id, queue, 'forgotten'
                FROM unstated, clock WHERE \(PostgresAuditSQL.isSigned(signature)) ORDER BY id),
            \(PostgresSQL.bump(2, when: "(SELECT count(*) FROM unstated) + (SELECT count(*) FROM unclaimed) > 0"))
            SELECT id FROM gone ORDER BY id
            """, parameters + PostgresAuditSQL.parameters(AuditAuthor.current))
    }

    /// Takes them from where they are parked: whoever does may do with them what it wants.
    private var taken: String {
        """
        letters AS MATERIALIZED (
            SELECT p.id FROM acode.parked p JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "p.id"))
            WHERE \(conditions) ORDER BY p.id LIMIT $3::bigint FOR UPDATE OF p),
        gone AS (
            DELETE FROM acode.parked p USING letters l WHERE p.state = 'error' AND p.id = l.id
            RETURNING p.id)
        """
    }
}
