internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func recoverExpired(maxDeliveries: Int, sparing: [Lease]) async throws(StoreError) -> [TaskID] {
        let spared = "[\(sparing.map { String($0.token) }.joined(separator: ","))]"
        return try await lapse("recover", maxDeliveries: maxDeliveries, why: "its lease ran out") { scope in
            try scope.leases(
                where: "l.lease_until <= ? AND l.token NOT IN (SELECT value FROM json_each(?))", [scope.now, spared],
                limit: lapsedAtOnce)
        }
    }

    package func release(
        leasesOf supervisors: [SupervisorID], maxDeliveries: Int
    ) async throws(StoreError) -> [TaskID] {
        var released: [TaskID] = []
        for supervisor in Set(supervisors) {
            released += try await lapse("release", maxDeliveries: maxDeliveries, why: "its supervisor ended") { scope in
                try scope.leases(where: "l.supervisor = ?", [supervisor.rawValue], limit: lapsedAtOnce)
            }
        }
        return released
    }

    /// Ends the leases that `find` names, page by page until it finds no more. Nothing is run from here: the tasks only go
    /// back to the queue.
    private func lapse(
        _ operation: String, maxDeliveries: Int, why: String,
        find: @escaping @Sendable (WriteScope) throws -> [HeldLease]
    ) async throws(StoreError) -> [TaskID] {
        var ended: [TaskID] = []
        while true {
            let page = try await writer.perform(operation) { scope in
                try find(scope).map { try scope.lapse($0, maxDeliveries: maxDeliveries, why: why) }
            }
            ended += page
            if page.count < lapsedAtOnce { return ended }
        }
    }
}

/// How many leases one transaction ends at most, so that it holds the write lock for milliseconds.
private let lapsedAtOnce = 500

extension WriteScope {
    fileprivate func lapse(_ held: HeldLease, maxDeliveries: Int, why: String) throws -> TaskID {
        let silent = "the supervisor on \(held.host) did not end attempt \(held.attempt); \(why)"
        let (settlement, reason) = Settlement.lapsed(
            deliveries: held.deliveries, maxDeliveries: maxDeliveries, cancelRequested: held.cancelRequested,
            reason: silent)
        try settle(
            held, settlement, AttemptResult(outcome: .leaseLost, reason: reason, disposition: .abandon(delay: 0)))
        guard let row = try first("SELECT id FROM task WHERE seq = ?", [held.seq]) else {
            throw StoreError(.corrupt, "a lease without a task", operation: "recover")
        }
        return TaskID(rawValue: row[0])
    }
}
