internal import Foundation
internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func prune(
        _ rules: [PruneRule], after cursor: PruneCursor?, isRehearsal: Bool
    ) async throws(StoreError) -> PrunePage {
        let after = cursor.flatMap { UUIDBytes($0.rawValue) }
        let look = PostgresQuery(
            PostgresPruneSQL.page(after: after != nil), [clock] + (after.map { [.uuid($0)] } ?? []))
        let found = try await read(look, "look for what has to go", PostgresPruneSQL.candidate)
        guard let first = found.first, let last = found.last else { return PrunePage() }
        var choice = PruneChoice(rules, now: first.now)
        let chosen = found.map(\.task).filter { choice.takes($0) }
        var page = PrunePage()
        if found.count == prunedAtOnce, choice.mayGoOn(after: found.map(\.task), orderedBy: PostgresPruneSQL.place) {
            page.next = PruneCursor(last.task.id.rawValue)
        }
        guard !chosen.isEmpty, !isRehearsal else {
            page.pruned = chosen.map { ($0.id, $0.state) }
            return page
        }
        guard let pruned = try await forget(chosen) else { return PrunePage() }
        page.pruned = pruned
        return page
    }

    /// Forgets tasks unless they have changed since they were found; `nil` while another supervisor does it.
    private func forget(_ chosen: [PruneCandidate]) async throws(StoreError) -> [(id: TaskID, state: TaskState)]? {
        let given = chosen.compactMap { task in UUIDBytes(task.id.rawValue).map { ($0, task) } }
        let query = PostgresQuery(
            PostgresPruneSQL.forget,
            [
                .uuids(given.map(\.0)), .texts(given.map(\.1.state.rawValue)), .ints(given.map(\.1.finishedAt)), clock,
                me,
            ])
        let rows = try await read(query, "prune", after: [PostgresQuery(PostgresPruneSQL.takeTurn)]) {
            row throws(PostgresError) -> (Bool, TaskID?, TaskState?) in
            guard let state = row.optionalText(2).flatMap(TaskState.init(rawValue:)) else {
                return (try row.bool(0), nil, nil)
            }
            return (try row.bool(0), TaskID(rawValue: try row.uuid(1).text), state)
        }
        guard rows.first?.0 == true else { return nil }
        await foldSometimes()
        return rows.compactMap { _, id, state in
            if let id, let state { (id, state) } else { nil }
        }
    }

    package func known(_ ids: [TaskID]) async throws(StoreError) -> Set<TaskID> {
        let query = PostgresQuery(
            "SELECT id FROM acode.task WHERE id = ANY ($1::uuid[])",
            [.uuids(ids.compactMap { UUIDBytes($0.rawValue) })])
        return Set(
            try await read(query, "look for tasks") { row throws(PostgresError) in
                TaskID(rawValue: try row.uuid(0).text)
            })
    }

    package func identity() async throws(StoreError) -> String {
        let query = PostgresQuery("SELECT id FROM acode.identity")
        return try await read(query, "read the store's identity") { row throws(PostgresError) in
            try row.uuid(0).text
        }.first ?? ""
    }

    /// The server does it by itself.
    package func compact() async throws(StoreError) {}
}

/// The statements that forget tasks.
///
/// Who adds to the history of a task without holding a row of it, because its attempt is over, shares a lock that whoever
/// forgets tasks has alone. It is had before the statement that forgets begins: that one removes only what it sees, and what
/// it does not see would stay for ever.
enum PostgresPruneSQL {
    /// For those who add: nothing is forgotten meanwhile.
    static let shareTasks = "SELECT pg_advisory_xact_lock_shared(\(PostgresSchema.lock + 6))"
    /// For those who forget: nothing is added meanwhile.
    static let holdTasks = "SELECT \(hold)"
    private static let hold = "pg_advisory_xact_lock(\(PostgresSchema.lock + 6))"

    /// As `holdTasks` for one at a time. Those whose turn it isn't don't wait, and `forget` does nothing for them.
    static let takeTurn = """
        SELECT \(hold), set_config('acode.turn', 'mine', true) WHERE pg_try_advisory_xact_lock(\(PostgresSchema.lock + 5))
        """

    /// `$1` the time, `$2` the task after which to begin. Of a task that holds a unique key the specification, which says for
    /// how long, is read too; in this program, because a text that is no JSON would fail the statement.
    static func page(after: Bool) -> String {
        """
        WITH \(PostgresSQL.clock(1))
        SELECT s.id, s.state, t.created_at, s.finished_at, clock.now,
            CASE WHEN t.unique_key IS NOT NULL AND s.finished_at IS NOT NULL
                AND EXISTS (SELECT FROM acode.unique_claim u WHERE \(PostgresSQL.same("u.id", "s.id"))) THEN t.spec END
        FROM (
            SELECT x.id, x.state, x.finished_at FROM acode.task_state x \(after ? "WHERE x.id > $2" : "")
            ORDER BY x.id LIMIT \(prunedAtOnce)) AS s
        JOIN acode.task t ON \(PostgresSQL.same("t.id", "s.id")) CROSS JOIN clock ORDER BY s.id
        """
    }

    /// Where a task comes: by the time in its id, which is that of whoever submitted it. One whose clock is ahead by more than
    /// an hour has its tasks kept for longer by the rest.
    static func place(_ task: PruneCandidate) -> Int64 {
        min(task.createdAt, (UUIDBytes(task.id.rawValue)?.milliseconds ?? 0) - 3_600_000)
    }

    static func candidate(_ row: PostgresRow) throws(PostgresError) -> (task: PruneCandidate, now: Int64) {
        let createdAt = try row.int(2)
        let spec = row.optionalText(5).flatMap { try? SpecCoding.decode(Data($0.utf8)) }
        let task = PruneCandidate(
            id: TaskID(rawValue: try row.uuid(0).text),
            // One in a state of a newer program isn't this one's to judge, so it counts as one that has not ended.
            state: TaskState(rawValue: try row.text(1)) ?? .inProgress, createdAt: createdAt,
            finishedAt: try row.optionalInt(3),
            keepsOutUntil: spec?.unique?.window.map {
                StoredTime.add(StoredTime.milliseconds(seconds: max(0, $0)), to: createdAt)
            })
        return (task, try row.int(4))
    }

    /// `$1` ids, `$2` their states, `$3` when they ended, `$4` the time, `$5` the writer. Tasks that somebody could put back
    /// are taken from where they are parked. Rows that others have are left for the next time.
    static let forget = """
        WITH \(PostgresSQL.clock(4)),
        turn AS MATERIALIZED (SELECT coalesce(current_setting('acode.turn', true), '') = 'mine' AS mine),
        given AS MATERIALIZED (
            SELECT g.* FROM turn, unnest($1::uuid[], $2::text[], $3::bigint[]) AS g (id, state, finished_at)
            WHERE turn.mine),
        parked AS MATERIALIZED (
            SELECT p.id, p.state FROM given g JOIN acode.parked p ON \(PostgresSQL.same("p.state", "g.state")) AND p.id = g.id
            JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "g.id")) AND s.finished_at = g.finished_at
            ORDER BY p.id FOR UPDATE OF p SKIP LOCKED),
        unparked AS (
            DELETE FROM acode.parked p USING parked k WHERE \(PostgresSQL.same("p.state", "k.state")) AND p.id = k.id RETURNING p.id),
        others AS MATERIALIZED (
            SELECT s.id FROM given g
            JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "g.id")) AND s.state = g.state AND s.finished_at = g.finished_at
            WHERE g.state NOT IN ('error', 'cancelled') ORDER BY s.id FOR UPDATE OF s SKIP LOCKED),
        gone AS MATERIALIZED (SELECT id FROM unparked UNION ALL SELECT id FROM others),
        claims AS MATERIALIZED (
            SELECT u.queue, u.key FROM gone JOIN acode.unique_claim u ON \(PostgresSQL.same("u.id", "gone.id")) FOR UPDATE OF u SKIP LOCKED),
        unclaimed AS (
            DELETE FROM acode.unique_claim u USING claims c WHERE \(PostgresSQL.same("u.queue", "c.queue")) AND u.key = c.key RETURNING u.id),
        untold AS (DELETE FROM acode.event e USING gone WHERE \(PostgresSQL.same("e.id", "gone.id"))),
        unsaved AS (DELETE FROM acode.checkpoint c USING gone WHERE \(PostgresSQL.same("c.id", "gone.id"))),
        untried AS (DELETE FROM acode.attempt a USING gone WHERE \(PostgresSQL.same("a.id", "gone.id"))),
        unstated AS (
            DELETE FROM acode.task_state s USING gone WHERE \(PostgresSQL.same("s.id", "gone.id")) RETURNING s.id, s.queue, s.state),
        forgotten AS (DELETE FROM acode.task t USING gone WHERE \(PostgresSQL.same("t.id", "gone.id"))),
        counted AS (
            INSERT INTO acode.count_delta (queue, state, change)
            SELECT queue, state, -count(*) FROM unstated GROUP BY queue, state),
        \(PostgresSQL.bump(5, when: "(SELECT count(*) FROM unstated) + (SELECT count(*) FROM unclaimed) > 0"))
        SELECT turn.mine, u.id, u.state FROM turn LEFT JOIN unstated u ON true ORDER BY u.id
        """
}
