internal import GRDB
package import TaskModel

// The rows of supervisors and workers.
extension SQLiteTaskStore: TaskStore {
    package func save(_ supervisor: SupervisorRecord) async throws(StoreError) {
        try await writer.perform("save a supervisor", surviving: .processEnd) { scope in
            try scope.run(
                """
                INSERT INTO supervisor (id, pool, host, pid, started_at, seen_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET pool = excluded.pool, host = excluded.host, pid = excluded.pid,
                    started_at = excluded.started_at, seen_at = excluded.seen_at
                """,
                [
                    supervisor.id.rawValue, StoredText.clean(supervisor.pool), StoredText.clean(supervisor.host),
                    supervisor.pid, StoredTime.milliseconds(supervisor.startedAt), scope.now,
                ])
        }
    }

    package func supervisors() async throws(StoreError) -> [SupervisorRecord] {
        try await read("list supervisors") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT id, pool, host, pid, started_at, seen_at FROM supervisor ORDER BY id
                        LIMIT \(QueryLimit.rows)
                        """)
            ).map { row in
                SupervisorRecord(
                    id: SupervisorID(rawValue: row[0]), pool: row[1], host: row[2], pid: row[3],
                    startedAt: StoredTime.date(row[4]), seenAt: StoredTime.date(row[5]))
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
                    (id, pool, supervisor, host, mode, container_name, container_id, profile, created_at,
                     blueprint)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    worker.id.rawValue, StoredText.clean(worker.pool), worker.supervisor.rawValue,
                    StoredText.clean(worker.host), worker.mode.rawValue, StoredText.clean(worker.containerName),
                    StoredText.clean(worker.containerID), StoredText.clean(worker.profile),
                    StoredTime.milliseconds(worker.createdAt), worker.blueprint,
                ])
        }
    }

    package func workers(host: String) async throws(StoreError) -> [WorkerRecord] {
        try await read("list workers") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT id, pool, supervisor, host, mode, container_name, container_id, profile, created_at, blueprint
                        FROM worker WHERE host = ? ORDER BY created_at, id LIMIT \(QueryLimit.rows)
                        """), arguments: [StoredText.clean(host)]
            ).compactMap { row in
                WorkerMode(rawValue: row[4]).map { mode in
                    WorkerRecord(
                        id: WorkerID(rawValue: row[0]), pool: row[1], supervisor: SupervisorID(rawValue: row[2]),
                        host: row[3], mode: mode, containerName: row[5], containerID: row[6], profile: row[7],
                        createdAt: StoredTime.date(row[8]), blueprint: row[9])
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
