internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func save(_ checkpoint: CheckpointDraft, lease: Lease) async throws(StoreError) -> CheckpointVerdict {
        try CheckpointText.check(checkpoint, operation: "save a checkpoint")
        guard let id = UUIDBytes(lease.taskID.rawValue) else { return .leaseLost }
        let query = PostgresQuery(
            PostgresCheckpointSQL.save,
            [
                .uuid(id), .int(lease.token), .int(Int64(checkpoint.phase)), .text(checkpoint.data),
                .text(CheckpointText.artifacts(checkpoint.artifacts)), .text(checkpoint.shelf), .clean(checkpoint.host),
                .bool(checkpoint.isForced), .clean(CheckpointText.words(checkpoint)), clock, me,
            ])
        let rows = try await run(query, "save a checkpoint")
        do throws(PostgresError) {
            guard let row = rows.first, try row.int(0) > 0 else { return .leaseLost }
            guard try row.int(1) > 0 else { return .behind(phase: Int(try row.int(2))) }
            return .saved(number: Int(try row.int(3)))
        } catch {
            throw StoreError(error)
        }
    }

    package func discard(
        checkpointsAfter number: Int, because reason: String, lease: Lease
    ) async throws(StoreError) -> Bool {
        guard let id = UUIDBytes(lease.taskID.rawValue) else { return false }
        let query = PostgresQuery(
            PostgresCheckpointSQL.discard,
            [.uuid(id), .int(lease.token), .int(Int64(number)), .clean(reason), clock, me])
        let rows = try await run(query, "discard checkpoints")
        do throws(PostgresError) { return try rows.first?.int(0) ?? 0 > 0 } catch { throw StoreError(error) }
    }

    package func checkpoints(of id: TaskID) async throws(StoreError) -> [TaskCheckpoint] {
        guard let key = UUIDBytes(id.rawValue) else { return [] }
        let query = PostgresQuery(
            """
            SELECT number, attempt, phase, data, artifacts, shelf, host, at, discarded FROM acode.checkpoint
            WHERE id = $1 ORDER BY number DESC LIMIT \(QueryLimit.rows)
            """, [.uuid(key)])
        return try await read(query, "read checkpoints") { row throws(PostgresError) in
            TaskCheckpoint(
                number: Int(try row.int(0)), attempt: Int(try row.int(1)), phase: Int(try row.int(2)),
                data: row.optionalText(3), artifacts: CheckpointText.artifacts(in: row.optionalText(4)),
                shelf: row.optionalText(5), host: row.optionalText(6), updatedAt: StoredTime.date(try row.int(7)),
                isDiscarded: try row.bool(8))
        }
    }
}

/// The statements about checkpoints.
enum PostgresCheckpointSQL {
    /// The lease is locked first, so that its attempt can't end meanwhile and two of its checkpoints can't be saved at once.
    /// Of the attempt's rows one stays, the newest of another phase; no row is changed by two parts of the statement.
    static let save = """
        WITH \(PostgresSQL.clock(10)),
        held AS MATERIALIZED (SELECT id, attempt FROM acode.lease WHERE id = $1 AND token = $2 FOR UPDATE),
        before AS MATERIALIZED (
            SELECT s.id, s.checkpoint_phase, s.checkpoint_at, held.attempt, last.number, last.attempt AS last_attempt
            FROM held JOIN acode.task_state s ON s.id = held.id
            LEFT JOIN LATERAL (
                SELECT c.number, c.attempt FROM acode.checkpoint c WHERE c.id = held.id
                ORDER BY c.number DESC LIMIT 1) AS last ON true),
        fits AS MATERIALIZED (
            SELECT * FROM before WHERE $8::boolean OR checkpoint_phase IS NULL OR checkpoint_phase <= $3::bigint),
        stays AS MATERIALIZED (
            SELECT max(c.number) AS number FROM fits f JOIN acode.checkpoint c ON c.id = f.id AND c.attempt = f.attempt
            WHERE c.phase <> $3 OR c.discarded),
        gone AS (
            DELETE FROM acode.checkpoint c USING fits f, stays
            WHERE c.id = f.id AND c.attempt = f.attempt AND c.number IS DISTINCT FROM stays.number RETURNING c.id),
        given AS (
            UPDATE acode.checkpoint c SET discarded = true FROM fits f, stays
            WHERE c.id = f.id AND c.phase > $3 AND (c.attempt <> f.attempt OR c.number = stays.number)
            RETURNING c.id),
        kept AS (
            INSERT INTO acode.checkpoint (id, number, attempt, phase, data, artifacts, shelf, host, at)
            SELECT id, coalesce(number, 0) + 1, attempt, $3, $4, $5, $6, $7, now FROM fits, clock),
        stated AS (
            UPDATE acode.task_state s SET checkpoint_phase = $3, checkpoint_at = now
            FROM fits f, clock WHERE s.id = f.id RETURNING s.id),
        told AS (
            INSERT INTO acode.event (id, attempt, kind, message, at)
            SELECT id, attempt, '\(TaskEvent.Kind.checkpointSaved.rawValue)', $9, now FROM fits, clock
            WHERE checkpoint_phase IS DISTINCT FROM $3 OR last_attempt IS DISTINCT FROM attempt
                OR now - coalesce(checkpoint_at, 0) >= \(CheckpointText.quietTime)),
        \(PostgresSQL.bump(
            11,
            when: "(SELECT count(*) FROM stated) + (SELECT count(*) FROM gone) + (SELECT count(*) FROM given) > 0"))
        SELECT (SELECT count(*) FROM before), (SELECT count(*) FROM fits), (SELECT checkpoint_phase FROM before),
            (SELECT coalesce(number, 0) + 1 FROM before)
        """

    static let discard = """
        WITH \(PostgresSQL.clock(5)),
        held AS MATERIALIZED (SELECT id, attempt FROM acode.lease WHERE id = $1 AND token = $2 FOR UPDATE),
        rest AS MATERIALIZED (
            SELECT c.phase, c.at FROM held JOIN acode.checkpoint c ON c.id = held.id
            WHERE NOT c.discarded AND c.number <= $3 ORDER BY c.number DESC LIMIT 1),
        given AS (
            UPDATE acode.checkpoint c SET discarded = true FROM held WHERE c.id = held.id AND c.number > $3
            RETURNING c.id),
        stated AS (
            UPDATE acode.task_state s SET checkpoint_phase = (SELECT phase FROM rest),
                checkpoint_at = (SELECT at FROM rest)
            FROM held WHERE s.id = held.id RETURNING s.id),
        told AS (
            INSERT INTO acode.event (id, attempt, kind, message, at)
            SELECT id, attempt, '\(TaskEvent.Kind.checkpointDiscarded.rawValue)', $4, now FROM held, clock),
        \(PostgresSQL.bump(6, when: "(SELECT count(*) FROM stated) + (SELECT count(*) FROM given) > 0"))
        SELECT count(*) FROM held
        """
}
