package import Foundation
internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func start(_ lease: Lease, worker: WorkerID, at: Date) async throws(StoreError) -> Bool {
        try await writer.perform("start", surviving: .processEnd) { scope in
            guard let held = try scope.held(lease) else { return false }
            try scope.start(held, worker: worker, at: at)
            return true
        }
    }

    package func renew(_ leases: [Lease], for duration: Duration) async throws(StoreError) -> [LeaseStatus] {
        guard !leases.isEmpty else { return [] }
        return try await writer.perform("renew", surviving: .processEnd) { scope in
            let until = StoredTime.add(StoredTime.milliseconds(duration), to: scope.now)
            return try leases.map { lease in
                guard let held = try scope.held(lease), held.hardUntil.map({ $0 > scope.now }) ?? true else {
                    return LeaseStatus(lease: lease, isHeld: false, cancelRequested: false)
                }
                try scope.run("UPDATE lease SET lease_until = ? WHERE task_seq = ?", [until, held.seq])
                return LeaseStatus(lease: lease, isHeld: true, cancelRequested: held.cancelRequested)
            }
        }
    }

    package func record(
        _ kind: TaskEvent.Kind, message: String, progress: Double?, lease: Lease
    ) async throws(StoreError) {
        try await writer.perform("record", surviving: .processEnd) { scope in
            guard let held = try scope.held(lease) else { return }
            if let progress, progress.isFinite {
                try scope.run(
                    "UPDATE task_state SET progress = ? WHERE seq = ?", [min(100, max(0, progress)), held.seq])
                try scope.run(
                    "UPDATE attempt SET progress = ? WHERE task_seq = ? AND attempt = ?",
                    [min(100, max(0, progress)), held.seq, held.attempt])
            }
            try scope.note(kind, message, task: held.seq, attempt: held.attempt)
        }
    }
}

/// A lease that is the current one of its task, and what is needed to end it.
struct HeldLease {
    let seq: Int64
    let attempt: Int
    let queue: String
    let deliveries: Int
    let cancelRequested: Bool
    let supervisor: String
    let host: String
    let hasStarted: Bool
    /// Until when it can be renewed.
    let hardUntil: Int64?
}

extension WriteScope {
    private static let heldColumns =
        "l.task_seq, l.attempt, s.queue, s.deliveries, s.cancel_requested, l.supervisor, l.host, s.started_at, l.hard_until"

    static let heldSQL = """
        SELECT \(heldColumns) FROM task t JOIN lease l ON l.task_seq = t.seq JOIN task_state s ON s.seq = t.seq
        WHERE t.id = ? AND l.token = ?
        """

    /// The fence: what the store knows of a lease, `nil` when it is not the current one of its task. Neither the state nor
    /// the attempt's number would be a safe fence.
    func held(_ lease: Lease) throws -> HeldLease? {
        try first(Self.heldSQL, [lease.taskID.rawValue, lease.token]).map(HeldLease.init)
    }

    /// Notes that the command of an attempt runs.
    func start(_ held: HeldLease, worker: WorkerID, at: Date) throws {
        let began = StoredTime.milliseconds(at)
        let name = StoredText.clean(worker.rawValue)
        try run(
            "UPDATE task_state SET worker = ?, started_at = ?, expire_at = NULL WHERE seq = ?", [name, began, held.seq])
        try run(
            "UPDATE attempt SET worker = ?, started_at = ? WHERE task_seq = ? AND attempt = ?",
            [name, began, held.seq, held.attempt])
        try note(.started, "runs on worker \(name)", task: held.seq, attempt: held.attempt)
    }

    /// Leases that fulfil a condition on `l`, at most `limit`.
    func leases(where condition: String, _ arguments: StatementArguments, limit: Int) throws -> [HeldLease] {
        try all(
            """
            SELECT \(Self.heldColumns) FROM lease l JOIN task_state s ON s.seq = l.task_seq
            WHERE \(condition) ORDER BY l.task_seq LIMIT \(limit)
            """, arguments
        ).map(HeldLease.init)
    }
}

extension HeldLease {
    init(_ row: Row) {
        seq = row[0]
        attempt = row[1]
        queue = row[2]
        deliveries = row[3]
        cancelRequested = row[4]
        supervisor = row[5]
        host = row[6]
        hasStarted = (row[7] as Int64?) != nil
        hardUntil = row[8]
    }
}
