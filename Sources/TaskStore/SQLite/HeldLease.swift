internal import Foundation
internal import GRDB
internal import TaskModel

/// A lease that is the current one of its task: its row, which is all there is of an attempt that runs.
struct HeldLease {
    let seq: Int64
    let attempt: Int
    let queue: String
    let deliveries: Int
    let cancelRequested: Bool
    let supervisor: String
    let host: String
    /// Until when it can be renewed.
    let hardUntil: Int64?
    let claimedAt: Int64
    /// The numbers of events that have no row of their own.
    let claimedSequence: Int64?
    var startedSequence: Int64?
    var worker: String?
    var startedAt: Int64?
    /// When the store was told of the start.
    var notedAt: Int64?
    let progress: Double?

    var hasStarted: Bool { startedAt != nil }
}

extension HeldLease {
    /// What to select of `lease l`, in the order that `init` reads.
    static let columns = """
        l.task_seq, l.attempt, l.queue, l.deliveries, l.cancel_requested, l.supervisor, l.host, l.hard_until, \
        l.claimed_at, l.claimed_seq, l.started_seq, l.worker, l.started_at, l.noted_at, l.progress
        """

    init(_ row: RawStatement) {
        seq = row.int(0)
        attempt = Int(row.int(1))
        queue = row.text(2)
        deliveries = Int(row.int(3))
        cancelRequested = row.int(4) != 0
        supervisor = row.text(5)
        host = row.text(6)
        hardUntil = row.optionalInt(7)
        claimedAt = row.int(8)
        claimedSequence = row.optionalInt(9)
        startedSequence = row.optionalInt(10)
        worker = row.optionalText(11)
        startedAt = row.optionalInt(12)
        notedAt = row.optionalInt(13)
        progress = row.optionalDouble(14)
    }
}

extension WriteScope {
    static let heldSQL = """
        SELECT \(HeldLease.columns) FROM task t CROSS JOIN lease l ON l.task_seq = t.seq WHERE t.id = ? AND l.token = ?
        """

    /// The fence: what the store knows of a lease, `nil` when it is not the current one of its task. Neither the state nor
    /// the attempt's number would be a safe fence.
    func held(_ lease: Lease) throws -> HeldLease? {
        var select = try raw(Self.heldSQL)
        return try held(lease, &select)
    }

    /// As `held`, with `heldSQL` prepared.
    func held(_ lease: Lease, _ select: inout RawStatement) throws -> HeldLease? {
        defer { select.reset() }
        select.bind(lease.taskID.rawValue)
        select.bind(lease.token)
        return try select.step() ? HeldLease(select) : nil
    }

    /// Leases that fulfil a condition on `l` with these values, at most `limit`.
    func leases(
        where condition: String, limit: Int, _ bind: (inout RawStatement) -> Void
    ) throws -> [HeldLease] {
        var select = try raw(
            "SELECT \(HeldLease.columns) FROM lease l WHERE \(condition) ORDER BY l.task_seq LIMIT \(limit)")
        defer { select.reset() }
        bind(&select)
        var found: [HeldLease] = []
        while try select.step() { found.append(HeldLease(select)) }
        return found
    }

    /// Notes that the command of an attempt runs.
    func start(_ held: inout HeldLease, worker: WorkerID, at: Date) throws {
        held.startedAt = StoredTime.milliseconds(at)
        held.worker = StoredText.clean(worker.rawValue)
        // Who says so again does not move it behind what was told since.
        if held.startedSequence == nil {
            held.startedSequence = try nextSequence()
            held.notedAt = now
        }
        try run(
            "UPDATE lease SET worker = ?, started_at = ?, started_seq = ?, noted_at = ? WHERE task_seq = ?",
            [held.worker, held.startedAt, held.startedSequence, held.notedAt, held.seq])
        // One that has begun once expires no more.
        try run("UPDATE task_state SET expire_at = NULL WHERE seq = ? AND expire_at IS NOT NULL", [held.seq])
    }
}
