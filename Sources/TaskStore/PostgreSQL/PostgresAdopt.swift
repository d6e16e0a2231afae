internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func adopt(
        _ claimed: Lease, from previous: [SupervisorID], by supervisor: SupervisorID, host: String,
        for duration: Duration
    ) async throws(StoreError) -> ClaimedTask? {
        guard let id = UUIDBytes(claimed.taskID.rawValue) else { return nil }
        let sql = """
            WITH \(PostgresSQL.clock(9)),
            held AS (
                UPDATE acode.lease l SET token = $5, origin = $3, claimant = $6::integer,
                    first_claimant = coalesce(l.first_claimant, l.claimant),
                    lease_until = least($11::bigint, now + $8::bigint)
                FROM clock
                WHERE l.id = $1 AND l.attempt = $2 AND coalesce(l.origin, l.token) = $3
                    AND l.claimant = ANY (\(PostgresClaimantSQL.numbers(ofSupervisors: 4)))
                    AND EXISTS (
                        SELECT FROM acode.claimant c
                        WHERE c.number = $6::integer AND c.supervisor = $12::text AND c.host = $7)
                RETURNING l.id, l.attempt, greatest(0, l.hard_until - now) AS renewable),
            told AS (
                INSERT INTO acode.event (id, attempt, kind, message, at)
                SELECT id, attempt, 'adopted', 'taken over by another supervisor on ' || $7 || ' while it runs', now
                FROM held, clock),
            \(PostgresSQL.bump(10, when: "(SELECT count(*) FROM held) > 0"))
            SELECT \(PostgresTaskRow.columns), held.renewable FROM held JOIN acode.task t ON \(PostgresSQL.same("t.id", "held.id"))
            JOIN acode.task_now s ON \(PostgresSQL.same("s.id", "held.id"))
            """
        let lease = Lease(taskID: claimed.taskID, attempt: claimed.attempt, token: .random(in: .min ... .max))
        let claimant = PostgresClaimant(supervisor: supervisor, host: host)
        func adopted() async throws(StoreError) -> PostgresRow? {
            let number = try await number(of: claimant)
            let values: [PostgresValue] = [
                .uuid(id), .int(Int64(claimed.attempt)), .int(claimed.token),
                .texts(previous.map { StoredText.clean($0.rawValue) }), .int(lease.token), .int(number), .clean(host),
                .int(StoredTime.milliseconds(duration)), clock, me, .int(StoredTime.latestMilliseconds),
                .clean(supervisor.rawValue),
            ]
            return try await run(PostgresQuery(sql, values), "adopt").first
        }
        var row = try await adopted()
        if row == nil {
            // Or the number is not its own any more.
            forget(claimant)
            row = try await adopted()
        }
        do throws(PostgresError) {
            guard let row else { return nil }
            guard let task = try PostgresTaskRow.read(row).task else {
                throw PostgresError(.decoding, "task \(claimed.taskID) can't be read", operation: "adopt")
            }
            let renewable = try row.optionalInt(PostgresTaskRow.count).map { Duration.milliseconds($0) }
            return ClaimedTask(task: task, lease: lease, renewable: renewable)
        } catch {
            throw StoreError(error)
        }
    }
}
