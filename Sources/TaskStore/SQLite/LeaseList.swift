internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func leases(of supervisor: SupervisorID) async throws(StoreError) -> [Lease] {
        try await read("list leases") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT t.id, l.attempt, l.token FROM lease l JOIN task t ON t.seq = l.task_seq
                        WHERE l.supervisor = ? LIMIT \(QueryLimit.rows)
                        """), arguments: [supervisor.rawValue]
            ).map { Lease(taskID: TaskID(rawValue: $0[0]), attempt: $0[1], token: $0[2]) }
        }
    }
}
