internal import PostgreSQL
package import TaskModel

extension PostgresTaskStore {
    package func recoverExpired(
        maxDeliveries: Int, sparing: [Lease]
    ) async throws(StoreError) -> [RecoveredTask] {
        try await lapse("recover", maxDeliveries: maxDeliveries, onlyExpired: true, find: staleLeases(sparing: sparing))
    }

    package func stale(maxDeliveries: Int, sparing: [Lease]) async throws(StoreError) -> [RecoveredTask] {
        try await read(staleLeases(sparing: sparing), "recover") { row throws(PostgresError) in
            try Silent(row).recovered(maxDeliveries: maxDeliveries)
        }
    }

    /// Leases that ran out, without those that are spared while they can still be renewed.
    private func staleLeases(sparing: [Lease]) -> PostgresQuery {
        PostgresQuery(
            """
            WITH \(PostgresSQL.clock(2))
            SELECT \(Silent.columns), CASE WHEN l.hard_until <= clock.now THEN 1 ELSE 0 END::bigint
            FROM clock CROSS JOIN acode.lease l JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "l.id"))
            WHERE l.lease_until <= clock.now
                AND (l.hard_until <= clock.now OR NOT l.token = ANY ($1::bigint[]))
            ORDER BY l.id LIMIT \(lapsedAtOnce)
            """, [.ints(sparing.map(\.token)), clock])
    }

    package func release(
        leasesOf supervisors: [SupervisorID], maxDeliveries: Int
    ) async throws(StoreError) -> [RecoveredTask] {
        let query = PostgresQuery(
            """
            SELECT \(Silent.columns), NULL::bigint FROM acode.lease l
            JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "l.id"))
            WHERE l.claimant = ANY (\(PostgresClaimantSQL.numbers(ofSupervisors: 1))) ORDER BY l.id LIMIT \(lapsedAtOnce)
            """, [.texts(supervisors.map { StoredText.clean($0.rawValue) })])
        return try await lapse("release", maxDeliveries: maxDeliveries, onlyExpired: false, find: query)
    }

    /// Ends the leases that `find` names, page by page until it finds no more. What changes between the look and the end is
    /// safe: the end names the token it saw, and of a lease that was renewed meanwhile it ends nothing. Nothing is run
    /// from here: the tasks only go back to the queue.
    private func lapse(
        _ operation: String, maxDeliveries: Int, onlyExpired: Bool, find: PostgresQuery
    ) async throws(StoreError) -> [RecoveredTask] {
        var ended: [RecoveredTask] = []
        while true {
            let page = try await read(find, operation) { row throws(PostgresError) in try Silent(row) }
            var endings = PostgresEndings()
            for silent in page { silent.add(to: &endings, maxDeliveries: maxDeliveries) }
            guard !endings.isEmpty else { return ended }
            let current = try await settle(endings, operation, onlyExpired: onlyExpired)
            ended += page.filter { current.contains($0.lease) }.map { $0.recovered(maxDeliveries: maxDeliveries) }
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
    /// As `QueuedTask.lostDeliveries`, this one included.
    let lost: Int
    let cancelRequested: Bool
    let why: String

    static let columns = """
        l.id, l.attempt, l.token, \(PostgresClaimantSQL.host("l.claimant")), greatest(0, s.deliveries + 1 - s.failures),
        l.cancel_requested
        """

    init(_ row: PostgresRow) throws(PostgresError) {
        lease = Lease(
            taskID: TaskID(rawValue: try row.uuid(0).text), attempt: Int(try row.int(1)), token: try row.int(2))
        host = try row.text(3)
        lost = Int(try row.int(4))
        cancelRequested = try row.bool(5)
        // Without a word of how it ran out it did not, but its supervisor has ended.
        why = try row.optionalInt(6).map { Settlement.whyStale(hasEnded: $0 == 1) } ?? "its supervisor ended"
    }

    func add(to endings: inout PostgresEndings, maxDeliveries: Int) {
        let reason = "the supervisor on \(host) did not end attempt \(lease.attempt); \(why)"
        let result = AttemptResult(outcome: .leaseLost, reason: reason, disposition: .abandon(delay: 0))
        endings.add(lease, result) { cancelRequested in
            let (settlement, reason) = Settlement.lapsed(
                lost: lost, maxDeliveries: maxDeliveries, cancelRequested: cancelRequested, reason: reason)
            return PostgresEndings.Decision(settlement: settlement, reason: reason)
        }
    }

    /// What becomes of its task.
    func recovered(maxDeliveries: Int) -> RecoveredTask {
        RecoveredTask(
            task: lease.taskID, attempt: lease.attempt, host: host,
            fate: .of(lost: lost, maxDeliveries: maxDeliveries, cancelRequested: cancelRequested))
    }
}
