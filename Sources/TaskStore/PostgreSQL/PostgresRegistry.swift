internal import PostgreSQL
package import TaskModel

// The rows of supervisors and workers.
extension PostgresTaskStore: TaskStore {
    package func save(_ supervisor: SupervisorRecord) async throws(StoreError) {
        let sql = """
            WITH \(PostgresSQL.clock(6)), \(PostgresSQL.bump(7, when: "true")),
            home AS (
                INSERT INTO acode.claimant AS c (supervisor, host, installation) SELECT $1, $3, $8 WHERE $8 <> ''
                ON CONFLICT (supervisor, host) DO UPDATE SET installation = excluded.installation
                WHERE c.installation IS NULL)
            INSERT INTO acode.supervisor
                (id, pool, installation, boot, host, address, pid, started_at, seen_at, queues)
            SELECT $1, $2, $8, $9, $3, $11, $4, $5, now, $10 FROM clock
            ON CONFLICT (id) DO UPDATE SET pool = excluded.pool, installation = excluded.installation,
                boot = excluded.boot, host = excluded.host, address = excluded.address,
                pid = excluded.pid, started_at = excluded.started_at, seen_at = excluded.seen_at,
                queues = excluded.queues
            """
        let values: [PostgresValue] = [
            .text(supervisor.id.rawValue), .clean(supervisor.pool),
            .clean(supervisor.host), .int(Int64(supervisor.pid)),
            .int(StoredTime.milliseconds(supervisor.startedAt)), clock, me, .clean(supervisor.installation),
            .clean(supervisor.boot), .text(StoredNames.text(supervisor.queues)), .clean(supervisor.address),
        ]
        _ = try await run([PostgresQuery(sql, values)], "save a supervisor", isRepeatable: true, on: renewals)
    }

    package func supervisors() async throws(StoreError) -> [SupervisorRecord] {
        let query = PostgresQuery(
            """
            SELECT id, pool, installation, boot, host, pid, started_at, seen_at, queues, address FROM acode.supervisor
            ORDER BY id LIMIT \(QueryLimit.rows)
            """)
        return try await read(query, "list supervisors") { row throws(PostgresError) in
            var record = SupervisorRecord(
                id: SupervisorID(rawValue: try row.text(0)), pool: try row.text(1),
                installation: try row.text(2), boot: try row.text(3), host: try row.text(4),
                address: row.optionalText(9), pid: Int32(truncatingIfNeeded: try row.int(5)),
                startedAt: StoredTime.date(try row.int(6)),
                seenAt: StoredTime.date(try row.int(7)))
            record.queues = StoredNames.names(in: row.optionalText(8))
            return record
        }
    }

    package func remove(supervisor: SupervisorID) async throws(StoreError) {
        let sql = """
            WITH \(PostgresSQL.clock(2)), \(PostgresSQL.bump(3, when: "true"))
            DELETE FROM acode.supervisor WHERE id = $1
            """
        let query = PostgresQuery(sql, [.clean(supervisor.rawValue), clock, me])
        _ = try await run(query, "remove a supervisor", isRepeatable: true)
    }

    package func save(_ worker: WorkerRecord) async throws(StoreError) {
        let sql = """
            WITH \(PostgresSQL.clock(11)), \(PostgresSQL.bump(12, when: "true"))
            INSERT INTO acode.worker
                (id, pool, supervisor, host, mode, container_name, container_id, profile, created_at, blueprint,
                installation)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $13)
            ON CONFLICT (id) DO UPDATE SET pool = excluded.pool, supervisor = excluded.supervisor,
                host = excluded.host, mode = excluded.mode, container_name = excluded.container_name,
                container_id = excluded.container_id, profile = excluded.profile, created_at = excluded.created_at,
                blueprint = excluded.blueprint, installation = excluded.installation
            """
        let values: [PostgresValue] = [
            .text(worker.id.rawValue), .clean(worker.pool), .text(worker.supervisor.rawValue),
            .clean(worker.host), .text(worker.mode.rawValue),
            .clean(worker.containerName), .clean(worker.containerID),
            .clean(worker.profile), .int(StoredTime.milliseconds(worker.createdAt)),
            .text(StoredText.cleanNUL(worker.blueprint)), clock, me, .clean(worker.installation),
        ]
        _ = try await run(PostgresQuery(sql, values), "save a worker", isRepeatable: true)
    }

    package func workers(installation: String) async throws(StoreError) -> [WorkerRecord] {
        let query = PostgresQuery(
            """
            SELECT id, pool, supervisor, host, mode, container_name, container_id, profile, created_at, blueprint,
                installation
            FROM acode.worker WHERE installation IN ($1, '') ORDER BY created_at, id LIMIT \(QueryLimit.rows)
            """, [.clean(installation)])
        return try await read(query, "list workers") { row throws(PostgresError) -> WorkerRecord? in
            guard let mode = WorkerMode(rawValue: try row.text(4)) else { return nil }
            return WorkerRecord(
                id: WorkerID(rawValue: try row.text(0)), pool: try row.text(1),
                supervisor: SupervisorID(rawValue: try row.text(2)), installation: try row.text(10),
                host: try row.text(3), mode: mode,
                containerName: row.optionalText(5), containerID: row.optionalText(6), profile: try row.text(7),
                createdAt: StoredTime.date(try row.int(8)), blueprint: row.optionalText(9))
        }.compactMap { $0 }
    }

    package func remove(worker: WorkerID) async throws(StoreError) {
        let sql = """
            WITH \(PostgresSQL.clock(2)), \(PostgresSQL.bump(3, when: "true"))
            DELETE FROM acode.worker WHERE id = $1
            """
        let query = PostgresQuery(sql, [.clean(worker.rawValue), clock, me])
        _ = try await run(query, "remove a worker", isRepeatable: true)
    }
}
