package import Foundation
internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func start(_ lease: Lease, worker: WorkerID, at: Date) async throws(StoreError) -> Bool {
        guard let id = UUIDBytes(lease.taskID.rawValue) else { return false }
        let sql = """
            WITH \(PostgresSQL.clock(5)),
            held AS (
                UPDATE acode.lease SET worker = $3, started_at = $4, started_seq = coalesce(started_seq, nextval('acode.seq')),
                    noted_at = coalesce(noted_at, now)
                FROM clock WHERE id = $1 AND token = $2 RETURNING attempt),
            \(PostgresSQL.bump(6, when: "(SELECT count(*) FROM held) > 0"))
            SELECT attempt FROM held
            """
        let rows = try await run(
            PostgresQuery(
                sql,
                [
                    .uuid(id), .int(lease.token), .clean(worker.rawValue),
                    .int(StoredTime.milliseconds(at)), clock, me,
                ]), "start")
        return rows.count > 0
    }

    package func renew(_ leases: [Lease], for duration: Duration) async throws(StoreError) -> [LeaseStatus] {
        guard !leases.isEmpty else { return [] }
        // Rows are locked in the order of their key, as everywhere, so that two statements can't wait for each other.
        let sql = """
            WITH \(PostgresSQL.clock(4)),
            held AS MATERIALIZED (
                SELECT l.id FROM unnest($1::uuid[], $2::bigint[]) AS g (id, token)
                JOIN acode.lease l ON l.id = g.id AND l.token = g.token
                WHERE l.hard_until IS NULL OR l.hard_until > (SELECT now FROM clock)
                ORDER BY l.id FOR UPDATE OF l)
            UPDATE acode.lease l SET lease_until = least($5::bigint, now + $3::bigint)
            FROM held, clock WHERE l.id = held.id RETURNING l.id, l.token, l.cancel_requested
            """
        let given = leases.compactMap { lease in UUIDBytes(lease.taskID.rawValue).map { ($0, lease.token) } }
        let query = PostgresQuery(
            sql,
            [
                .uuids(given.map(\.0)), .ints(given.map(\.1)), .int(StoredTime.milliseconds(duration)), clock,
                .int(StoredTime.latestMilliseconds),
            ])
        var held: [Key: Bool] = [:]
        let found = try await read(query, "renew", on: renewals) { row throws(PostgresError) in
            (key: Key(id: try row.uuid(0), token: try row.int(1)), cancelRequested: try row.bool(2))
        }
        for (key, cancelRequested) in found { held[key] = cancelRequested }
        return leases.map { lease in
            let status = UUIDBytes(lease.taskID.rawValue).flatMap { held[Key(id: $0, token: lease.token)] }
            return LeaseStatus(lease: lease, isHeld: status != nil, cancelRequested: status ?? false)
        }
    }

    private struct Key: Hashable {
        let id: UUIDBytes
        let token: Int64
    }

    package func record(
        _ kind: TaskEvent.Kind, message: String, progress: Double?, lease: Lease
    ) async throws(StoreError) {
        guard let id = UUIDBytes(lease.taskID.rawValue) else { return }
        let percent = StoredPercent.clean(progress)
        let sql = """
            WITH \(PostgresSQL.clock(6)),
            held AS (
                UPDATE acode.lease SET progress = coalesce($3::double precision, progress) WHERE id = $1 AND token = $2
                RETURNING id, attempt),
            told AS (
                INSERT INTO acode.event (id, attempt, kind, message, at)
                SELECT id, attempt, $4, $5, now FROM held, clock),
            \(PostgresSQL.bump(7, when: "(SELECT count(*) FROM held) > 0"))
            SELECT count(*) FROM held
            """
        _ = try await run(
            PostgresQuery(
                sql,
                [
                    .uuid(id), .int(lease.token), .double(percent), .text(kind.rawValue),
                    .clean(message), clock, me,
                ]), "record")
    }
}
