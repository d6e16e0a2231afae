internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func leases(of supervisor: SupervisorID) async throws(StoreError) -> [Lease] {
        let query = PostgresQuery(
            """
            SELECT id, attempt, token FROM acode.lease
            WHERE claimant = ANY (\(PostgresClaimantSQL.numbers(ofSupervisors: 1))) LIMIT \(QueryLimit.rows)
            """, [.texts([supervisor.rawValue])])
        return try await read(query, "list leases") { row throws(PostgresError) in
            Lease(
                taskID: TaskID(rawValue: try row.uuid(0).text), attempt: Int(try row.int(1)), token: try row.int(2))
        }
    }
}
