internal import GRDB
internal import TaskModel

/// A task that may be claimed; the best sorts first.
struct Candidate: Comparable {
    let seq: Int64
    let priority: Int64
    /// Whether its priority doesn't count.
    var byAge = false
    /// The number of the lane where it waits.
    let lane: Int
    /// Where it stands in the turns of queues, if these count.
    var place = 0.0

    func standing(at place: Double) -> Candidate {
        Candidate(seq: seq, priority: priority, byAge: byAge, lane: lane, place: place)
    }

    static func < (lhs: Candidate, rhs: Candidate) -> Bool {
        if lhs.place != rhs.place { return lhs.place < rhs.place }
        return lhs.priority != rhs.priority && !lhs.byAge ? lhs.priority > rhs.priority : lhs.seq < rhs.seq
    }
}

/// Takes tasks for one claim: each goes from `ready` to `lease`.
struct Taking {
    private let scope: WriteScope
    private let request: ClaimRequest
    private let host: String
    private let until: Int64
    private let lanes: [Lane]
    private var tokens: [Int64]
    private var task: RawStatement
    private var lease: RawStatement
    private var delete: RawStatement

    init(_ scope: WriteScope, _ request: ClaimRequest, _ lanes: [Lane], count: Int) throws {
        self.lanes = lanes
        tokens = RandomTokens.make(count)
        self.scope = scope
        self.request = request
        host = StoredText.clean(request.host)
        until = StoredTime.add(StoredTime.milliseconds(request.leaseDuration), to: scope.now)
        task = try scope.raw(ClaimSQL.task)
        lease = try scope.raw(ClaimSQL.lease)
        delete = try scope.raw(ClaimSQL.take)
    }

    mutating func take(_ candidate: Candidate) throws -> ClaimedRow {
        task.bind(candidate.seq)
        guard try task.step() else {
            throw StoreError(.corrupt, "a task without its specification", operation: "claim")
        }
        let row = TaskRow(claimed: task)
        let renewable = request.longest?.milliseconds(leastHold: task.optionalInt(13))
        task.reset()
        let lane = lanes[candidate.lane]
        try unready(candidate, lane)
        let token = tokens.popLast() ?? .random(in: .min ... .max)
        try insert(candidate, lane, row, token, renewable)
        scope.counts.move(queue: lane.queue, from: .enqueued, to: .inProgress)
        return ClaimedRow(
            task: row, lease: Lease(taskID: TaskID(rawValue: row.id), attempt: row.attempt, token: token),
            renewable: renewable)
    }

    private mutating func unready(_ candidate: Candidate, _ lane: Lane) throws {
        delete.bind(lane.queue)
        delete.bind(lane.container)
        delete.bind(lane.unnamed)
        delete.bind(candidate.priority)
        delete.bind(candidate.seq)
        try delete.run()
    }

    private mutating func insert(
        _ candidate: Candidate, _ lane: Lane, _ row: TaskRow, _ token: Int64, _ renewable: Int64?
    ) throws {
        lease.bind(candidate.seq)
        lease.bind(token)
        lease.bind(row.attempt)
        lease.bind(request.supervisor.rawValue)
        lease.bind(host)
        lease.bind(until)
        lease.bind(renewable.map { StoredTime.add($0, to: scope.now) })
        lease.bind(lane.queue)
        lease.bind(row.deliveries)
        lease.bind(scope.now)
        lease.bind(try scope.nextSequence())
        try lease.run()
    }
}
