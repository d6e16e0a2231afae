internal import GRDB
package import TaskModel

// The rows of supervisors and workers.
extension SQLiteTaskStore: TaskStore {
    package func save(_ supervisor: SupervisorRecord) async throws(StoreError) {
        try await writer.perform("save a supervisor", surviving: .processEnd) { scope in
            try scope.run(
                """
                INSERT INTO supervisor (id, pool, installation, boot, host, address, pid, started_at, seen_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET pool = excluded.pool, installation = excluded.installation,
                    boot = excluded.boot, host = excluded.host, address = excluded.address, pid = excluded.pid,
                    started_at = excluded.started_at, seen_at = excluded.seen_at
                """,
                [
                    supervisor.id.rawValue, StoredText.clean(supervisor.pool),
                    StoredText.clean(supervisor.installation), StoredText.clean(supervisor.boot),
                    StoredText.clean(supervisor.host), StoredText.clean(supervisor.address), supervisor.pid,
                    StoredTime.milliseconds(supervisor.startedAt), scope.now,
                ])
            try scope.run(
                "UPDATE supervisor SET queues = ? WHERE id = ?",
                [StoredNames.text(supervisor.queues), supervisor.id.rawValue])
            guard !supervisor.installation.isEmpty else { return }
            // Outlives the row above, because attempts do.
            try scope.run(
                "INSERT OR IGNORE INTO supervisor_home (supervisor, installation) VALUES (?, ?)",
                [supervisor.id.rawValue, StoredText.clean(supervisor.installation)])
        }
    }

    package func supervisors() async throws(StoreError) -> [SupervisorRecord] {
        try await read("list supervisors") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT id, pool, installation, boot, host, address, pid, started_at, seen_at, queues
                        FROM supervisor ORDER BY id LIMIT \(QueryLimit.rows)
                        """)
            ).map { row in
                var record = SupervisorRecord(
                    id: SupervisorID(rawValue: row[0]), pool: row[1], installation: row[2], boot: row[3], host: row[4],
                    address: row[5], pid: row[6], startedAt: StoredTime.date(row[7]), seenAt: StoredTime.date(row[8]))
                record.queues = StoredNames.names(in: row["queues"])
                return record
            }
        }
    }

    package func remove(supervisor: SupervisorID) async throws(StoreError) {
        try await writer.perform("remove a supervisor") { scope in
            try scope.run("DELETE FROM supervisor WHERE id = ?", [supervisor.rawValue])
        }
    }

    package func save(_ worker: WorkerRecord) async throws(StoreError) {
        try await writer.perform("save a worker") { scope in
            try scope.run(
                """
                INSERT OR REPLACE INTO worker
                    (id, pool, supervisor, installation, host, mode, container_name, container_id, profile,
                     created_at, blueprint)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    worker.id.rawValue, StoredText.clean(worker.pool), worker.supervisor.rawValue,
                    StoredText.clean(worker.installation), StoredText.clean(worker.host), worker.mode.rawValue,
                    StoredText.clean(worker.containerName),
                    StoredText.clean(worker.containerID), StoredText.clean(worker.profile),
                    StoredTime.milliseconds(worker.createdAt), worker.blueprint,
                ])
        }
    }

    package func workers(installation: String) async throws(StoreError) -> [WorkerRecord] {
        try await read("list workers") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT id, pool, supervisor, installation, host, mode, container_name, container_id, profile,
                            created_at, blueprint
                        FROM worker WHERE installation IN (?, '') ORDER BY created_at, id LIMIT \(QueryLimit.rows)
                        """), arguments: [StoredText.clean(installation)]
            ).compactMap { row in
                WorkerMode(rawValue: row[5]).map { mode in
                    WorkerRecord(
                        id: WorkerID(rawValue: row[0]), pool: row[1], supervisor: SupervisorID(rawValue: row[2]),
                        installation: row[3], host: row[4], mode: mode, containerName: row[6], containerID: row[7],
                        profile: row[8], createdAt: StoredTime.date(row[9]), blueprint: row[10])
                }
            }
        }
    }

    package func remove(worker: WorkerID) async throws(StoreError) {
        try await writer.perform("remove a worker") { scope in
            try scope.run("DELETE FROM worker WHERE id = ?", [worker.rawValue])
        }
    }
}
