internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func discard(
        _ results: [(lease: Lease, result: AttemptResult)]
    ) async throws(StoreError) -> [Lease: LateEnd] {
        guard !results.isEmpty else { return [:] }
        var ends: [Lease: LateEnd] = [:]
        var given: [(id: UUIDBytes, lease: Lease, message: String)] = []
        for (lease, result) in results where ends.updateValue(.unknown, forKey: lease) == nil {
            guard let id = UUIDBytes(lease.taskID.rawValue) else { continue }
            given.append((id, lease, Settlement.late(result).message))
        }
        let sql = """
            WITH \(PostgresSQL.clock(6)),
            known AS MATERIALIZED (
                SELECT g.n, g.id, g.attempt, g.token, g.message, coalesce(a.ended_token = g.token, false) AS recorded,
                    EXISTS (
                        SELECT 1 FROM acode.lease l WHERE \(PostgresSQL.same("l.id", "g.id")) AND l.token = g.token) AS held
                FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[])
                    WITH ORDINALITY AS g (id, attempt, token, message, n)
                JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "g.id"))
                CROSS JOIN LATERAL (
                    SELECT x.ended_token FROM acode.attempt_now x WHERE x.id = g.id AND x.attempt = g.attempt
                    OFFSET 0) AS a
                ORDER BY g.id),
            told AS (
                INSERT INTO acode.event (id, attempt, kind, message, at)
                SELECT k.id, k.attempt, $5, k.message, now FROM known k, clock
                WHERE NOT k.recorded AND NOT k.held
                    AND NOT EXISTS (
                        SELECT 1 FROM acode.event e WHERE e.id = k.id AND e.attempt = k.attempt AND e.kind = $5)
                ORDER BY k.n RETURNING id),
            \(PostgresSQL.bump(7, when: "(SELECT count(*) FROM told) > 0"))
            SELECT n, recorded, held FROM known
            """
        let query = PostgresQuery(
            sql,
            [
                .uuids(given.map(\.id)), .ints(given.map { Int64($0.lease.attempt) }), .ints(given.map(\.lease.token)),
                .texts(given.map { StoredText.clean($0.message) }), .text(TaskEvent.Kind.resultDiscarded.rawValue),
                clock, me,
            ])
        // Nobody forgets the tasks meanwhile, and leaves what is told of them.
        let found = try await read(query, "discard", after: [PostgresQuery(PostgresPruneSQL.shareTasks)]) {
            row throws(PostgresError) in
            (
                place: Int(try row.int(0)),
                end: try row.bool(1) ? .recorded : try row.bool(2) ? .stillHeld : LateEnd.refused
            )
        }
        for (place, end) in found where given.indices.contains(place - 1) { ends[given[place - 1].lease] = end }
        return ends
    }
}
