internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func recoverExpired(maxDeliveries: Int, sparing: [Lease]) async throws(StoreError) -> [TaskID] {
        let query = PostgresQuery(
            """
            WITH \(PostgresSQL.clock(2))
            SELECT l.id, l.attempt, l.token, l.host, s.deliveries FROM acode.lease l
            JOIN acode.task_state s ON s.id = l.id
            WHERE l.lease_until <= (SELECT now FROM clock) AND NOT l.token = ANY ($1::bigint[])
            ORDER BY l.id LIMIT \(lapsedAtOnce)
            """, [.ints(sparing.map(\.token)), clock])
        return try await lapse(
            "recover", maxDeliveries: maxDeliveries, why: "its lease ran out", onlyExpired: true, find: query)
    }

    package func release(
        leasesOf supervisors: [SupervisorID], maxDeliveries: Int
    ) async throws(StoreError) -> [TaskID] {
        let query = PostgresQuery(
            """
            SELECT l.id, l.attempt, l.token, l.host, s.deliveries FROM acode.lease l
            JOIN acode.task_state s ON s.id = l.id
            WHERE l.supervisor = ANY ($1::text[]) ORDER BY l.id LIMIT \(lapsedAtOnce)
            """, [.texts(supervisors.map { StoredText.clean($0.rawValue) })])
        return try await lapse(
            "release", maxDeliveries: maxDeliveries, why: "its supervisor ended", onlyExpired: false, find: query)
    }

    /// Ends the leases that `find` names, page by page until it finds no more. What changes between the look and the end is
    /// safe: the end names the token it saw, and of a lease that was renewed meanwhile it ends nothing. Nothing is run
    /// from here: the tasks only go back to the queue.
    private func lapse(
        _ operation: String, maxDeliveries: Int, why: String, onlyExpired: Bool, find: PostgresQuery
    ) async throws(StoreError) -> [TaskID] {
        var ended: [TaskID] = []
        while true {
            let page = try await read(find, operation) { row throws(PostgresError) in try Silent(row) }
            var endings = PostgresEndings()
            for silent in page { silent.add(to: &endings, maxDeliveries: maxDeliveries, why: why) }
            guard !endings.isEmpty else { return ended }
            let current = try await settle(endings, operation, onlyExpired: onlyExpired)
            ended += current.map(\.taskID)
            // Another one ends the same leases: what is left is its affair.
            if page.count < lapsedAtOnce || current.isEmpty { return ended }
        }
    }
}

/// How many leases one statement ends at most.
private let lapsedAtOnce = 500

/// A lease whose holder fell silent.
private struct Silent: Sendable {
    let lease: Lease
    let host: String
    let deliveries: Int

    init(_ row: PostgresRow) throws(PostgresError) {
        lease = Lease(
            taskID: TaskID(rawValue: try row.uuid(0).text), attempt: Int(try row.int(1)), token: try row.int(2))
        host = try row.text(3)
        deliveries = Int(try row.int(4))
    }

    func add(to endings: inout PostgresEndings, maxDeliveries: Int, why: String) {
        let reason = "the supervisor on \(host) did not end attempt \(lease.attempt); \(why)"
        let result = AttemptResult(outcome: .leaseLost, reason: reason, disposition: .abandon(delay: 0))
        endings.add(lease, result) { cancelRequested in
            let (settlement, reason) = Settlement.lapsed(
                deliveries: deliveries, maxDeliveries: maxDeliveries, cancelRequested: cancelRequested, reason: reason)
            return PostgresEndings.Decision(settlement: settlement, reason: reason)
        }
    }
}
