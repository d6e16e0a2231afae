internal import GRDB
internal import Synchronization
package import TaskModel

extension SQLiteTaskStore {
    package func recoverExpired(
        maxDeliveries: Int, sparing: [Lease]
    ) async throws(StoreError) -> [RecoveredTask] {
        try await lapse("recover", maxDeliveries: maxDeliveries) { scope in
            if self.isTooSoonToRecover { return [] }
            return try scope.staleLeases(sparing: sparing).map { held in
                (held, Settlement.whyStale(hasEnded: scope.hasEnded(held)))
            }
        }
    }

    package func stale(maxDeliveries: Int, sparing: [Lease]) async throws(StoreError) -> [RecoveredTask] {
        try await writer.perform("recover") { scope in
            if self.isTooSoonToRecover { return [] }
            return try scope.staleLeases(sparing: sparing).map { held in
                RecoveredTask(
                    task: try scope.task(of: held), attempt: held.attempt, host: held.host,
                    fate: .of(
                        lost: try scope.lost(held), maxDeliveries: maxDeliveries,
                        cancelRequested: held.cancelRequested))
            }
        }
    }

    /// Asked in the transaction, after its time was read.
    private var isTooSoonToRecover: Bool { clockJumps.withLock { $0.isTooSoon(clock) } }

    package func release(
        leasesOf supervisors: [SupervisorID], maxDeliveries: Int
    ) async throws(StoreError) -> [RecoveredTask] {
        var released: [RecoveredTask] = []
        for supervisor in Set(supervisors) {
            released += try await lapse("release", maxDeliveries: maxDeliveries) { scope in
                try scope.leases(where: "l.supervisor = ?", limit: lapsedAtOnce) { $0.bind(supervisor.rawValue) }
                    .map { ($0, "its supervisor ended") }
            }
        }
        return released
    }

    /// Ends the leases that `find` names, page by page until it finds no more. Nothing is run from here: the tasks only go
    /// back to the queue.
    private func lapse(
        _ operation: String, maxDeliveries: Int,
        find: @escaping @Sendable (WriteScope) throws -> [(HeldLease, String)]
    ) async throws(StoreError) -> [RecoveredTask] {
        var ended: [RecoveredTask] = []
        while true {
            let page = try await writer.perform(operation) { scope in
                try find(scope).map { try scope.lapse($0.0, maxDeliveries: maxDeliveries, why: $0.1) }
            }
            ended += page
            if page.count < lapsedAtOnce { return ended }
        }
    }
}

/// How many leases one transaction ends at most, so that it holds the write lock for milliseconds.
private let lapsedAtOnce = 500

extension WriteScope {
    /// Leases that ran out, without those that are spared while they can still be renewed.
    fileprivate func staleLeases(sparing: [Lease]) throws -> [HeldLease] {
        let spared = "[\(sparing.map { String($0.token) }.joined(separator: ","))]"
        return try leases(
            where: "l.lease_until <= ? AND (l.hard_until <= ? OR l.token NOT IN (SELECT value FROM json_each(?)))",
            limit: lapsedAtOnce
        ) { select in
            select.bind(now)
            select.bind(now)
            select.bind(spared)
        }
    }

    /// Whether a lease could not be renewed any more.
    fileprivate func hasEnded(_ held: HeldLease) -> Bool { held.hardUntil.map { $0 <= now } ?? false }

    fileprivate func task(of held: HeldLease) throws -> TaskID {
        guard let row = try first("SELECT id FROM task WHERE seq = ?", [held.seq]) else {
            throw StoreError(.corrupt, "a lease without a task", operation: "recover")
        }
        return TaskID(rawValue: row[0])
    }

    /// As `QueuedTask.lostDeliveries`, this one included.
    fileprivate func lost(_ held: HeldLease) throws -> Int {
        let row = try first("SELECT failures FROM task_state WHERE seq = ?", [held.seq])
        let failures: Int = row?[0] ?? 0
        return max(0, held.deliveries - failures)
    }

    fileprivate func lapse(_ held: HeldLease, maxDeliveries: Int, why: String) throws -> RecoveredTask {
        let silent = "the supervisor on \(held.host) did not end attempt \(held.attempt); \(why)"
        let lost = try lost(held)
        let (settlement, reason) = Settlement.lapsed(
            lost: lost, maxDeliveries: maxDeliveries, cancelRequested: held.cancelRequested,
            reason: silent)
        try settle(
            held, settlement, AttemptResult(outcome: .leaseLost, reason: reason, disposition: .abandon(delay: 0)))
        return RecoveredTask(
            task: try task(of: held), attempt: held.attempt, host: held.host,
            fate: .of(
                lost: lost, maxDeliveries: maxDeliveries, cancelRequested: held.cancelRequested))
    }
}
