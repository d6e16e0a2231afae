import Foundation
import Synchronization
import TaskModel
import TaskStore

/// Stands before a real store and fails, or loses answers, when a test wants that.
final class FaultyStore: TaskStore {
    /// What can go wrong.
    enum Call: Sendable { case claim, adopt, checkpoints, finish }

    /// How it goes wrong.
    enum Fault: Sendable {
        /// Nothing is done.
        case unreachable
        /// It is done, and nobody hears of it.
        case answerLost
        /// Others have in hand what was asked for; of claims only.
        case conflict
    }

    private let real: any TaskStore
    private let tells: Bool
    private let state = Mutex((faults: [Call: (fault: Fault, times: Int)](), struck: [Call: Int]()))
    private let renewed = Mutex<[Int]>([])
    private let conflicts = Mutex(0)
    /// What a store with a server would say.
    let connections: StoreConnections?

    /// Stands before `real`; one that `tells` is heard at once, and never says anything.
    init(_ real: any TaskStore, tells: Bool = false, connections: StoreConnections? = nil) {
        self.real = real
        self.tells = tells
        self.connections = connections
    }

    /// Lets the next `times` calls go wrong.
    func fail(_ call: Call, _ fault: Fault, times: Int = .max) {
        state.withLock { $0.faults[call] = (fault, times) }
    }

    /// Lets all go well again.
    func mend() { state.withLock { $0.faults = [:] } }

    /// How many calls went wrong.
    func struck(_ call: Call) -> Int { state.withLock { $0.struck[call] ?? 0 } }

    /// How many leases each renewal was of.
    var renewals: [Int] { renewed.withLock { $0 } }

    private func through<Value>(
        _ call: Call, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let fault = strike(call)
        let absence = StoreError(.unavailable, "the test wants that", operation: "\(call)")
        if fault == .unreachable { throw absence }
        let value = try await body()
        if fault == .answerLost { throw absence }
        return value
    }

    private func strike(_ call: Call) -> Fault? {
        state.withLock { state in
            guard let next = state.faults[call], next.times > 0 else { return nil }
            state.faults[call] = (next.fault, next.times - 1)
            state.struck[call, default: 0] += 1
            return next.fault
        }
    }

    func hear(for supervisor: SupervisorID, _ heard: @Sendable (StoreSignal) -> Void) async {
        guard tells else { return await real.hear(for: supervisor, heard) }
        heard(.missed)
        while (try? await Task.sleep(for: .seconds(3600))) != nil {}
    }

    // MARK: What only passes through

    func accept(_ specs: [TaskSpec]) async throws(StoreError) -> [Submission] {
        try await real.accept(specs)
    }

    func submit(_ specs: [TaskSpec]) async throws(StoreError) -> [QueuedTask] {
        try await real.submit(specs)
    }

    func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedTask] {
        let isConflict = state.withLock { state in
            guard let next = state.faults[.claim] else { return false }
            return next.fault == .conflict && next.times > 0
        }
        if isConflict {
            _ = strike(.claim)
            conflicts.withLock { $0 += 1 }
            return []
        }
        return try await through(.claim) { () async throws(StoreError) in try await real.claim(request) }
    }

    func takeClaimConflicts() -> Int {
        real.takeClaimConflicts()
            + conflicts.withLock { conflicts in
                defer { conflicts = 0 }
                return conflicts
            }
    }

    func start(_ lease: Lease, worker: WorkerID, at: Date) async throws(StoreError) -> Bool {
        try await real.start(lease, worker: worker, at: at)
    }

    func finish(_ results: [(lease: Lease, result: AttemptResult)]) async throws(StoreError) -> Set<Lease> {
        try await through(.finish) { () async throws(StoreError) in try await real.finish(results) }
    }

    func discard(_ results: [(lease: Lease, result: AttemptResult)]) async throws(StoreError) -> [Lease: LateEnd] {
        try await real.discard(results)
    }

    func renew(_ leases: [Lease], for duration: Duration) async throws(StoreError) -> [LeaseStatus] {
        renewed.withLock { $0.append(leases.count) }
        return try await real.renew(leases, for: duration)
    }

    func leases(of supervisor: SupervisorID) async throws(StoreError) -> [Lease] {
        try await real.leases(of: supervisor)
    }

    func record(_ kind: TaskEvent.Kind, message: String, progress: Double?, lease: Lease) async throws(StoreError) {
        try await real.record(kind, message: message, progress: progress, lease: lease)
    }

    func cancel(_ task: TaskID, reason: String) async throws(StoreError) -> QueuedTask? {
        try await real.cancel(task, reason: reason)
    }

    func requeue(_ task: TaskID, fromStart: Bool) async throws(StoreError) -> QueuedTask? {
        try await real.requeue(task, fromStart: fromStart)
    }

    func save(_ checkpoint: CheckpointDraft, lease: Lease) async throws(StoreError) -> CheckpointVerdict {
        try await real.save(checkpoint, lease: lease)
    }

    func discard(checkpointsAfter number: Int, because reason: String, lease: Lease) async throws(StoreError) -> Bool {
        try await real.discard(checkpointsAfter: number, because: reason, lease: lease)
    }

    func checkpoints(of id: TaskID) async throws(StoreError) -> [TaskCheckpoint] {
        try await through(.checkpoints) { () async throws(StoreError) in try await real.checkpoints(of: id) }
    }

    func expire() async throws(StoreError) -> [TaskID] {
        try await real.expire()
    }

    func control(_ queue: String, _ change: QueueChange) async throws(StoreError) -> QueueControl {
        try await real.control(queue, change)
    }

    func queueControls() async throws(StoreError) -> [QueueControl] {
        try await real.queueControls()
    }

    func deadLetters(matching filter: DeadLetterFilter) async throws(StoreError) -> [QueuedTask] {
        try await real.deadLetters(matching: filter)
    }

    func requeue(deadLetters filter: DeadLetterFilter, fromStart: Bool) async throws(StoreError) -> [TaskID] {
        try await real.requeue(deadLetters: filter, fromStart: fromStart)
    }

    func purge(deadLetters filter: DeadLetterFilter) async throws(StoreError) -> [TaskID] {
        try await real.purge(deadLetters: filter)
    }

    func prune(_ rules: [PruneRule], after cursor: PruneCursor?, isRehearsal: Bool) async throws(StoreError)
        -> PrunePage
    {
        try await real.prune(rules, after: cursor, isRehearsal: isRehearsal)
    }

    func known(_ ids: [TaskID]) async throws(StoreError) -> Set<TaskID> {
        try await real.known(ids)
    }

    func identity() async throws(StoreError) -> String {
        try await real.identity()
    }

    func compact() async throws(StoreError) {
        try await real.compact()
    }

    func note(_ action: AuditAction, _ detail: String) async throws(StoreError) {
        try await real.note(action, detail)
    }

    func audit(matching filter: AuditFilter) async throws(StoreError) -> [AuditEntry] {
        try await real.audit(matching: filter)
    }

    func pruneAudit(olderThan age: Duration) async throws(StoreError) -> Int {
        try await real.pruneAudit(olderThan: age)
    }

    func recoverExpired(maxDeliveries: Int, sparing: [Lease]) async throws(StoreError) -> [RecoveredTask] {
        try await real.recoverExpired(maxDeliveries: maxDeliveries, sparing: sparing)
    }

    func stale(maxDeliveries: Int, sparing: [Lease]) async throws(StoreError) -> [RecoveredTask] {
        try await real.stale(maxDeliveries: maxDeliveries, sparing: sparing)
    }

    func release(leasesOf supervisors: [SupervisorID], maxDeliveries: Int) async throws(StoreError) -> [RecoveredTask] {
        try await real.release(leasesOf: supervisors, maxDeliveries: maxDeliveries)
    }

    func adopt(
        _ claimed: Lease, from previous: [SupervisorID], by supervisor: SupervisorID, host: String,
        for duration: Duration
    ) async throws(StoreError) -> ClaimedTask? {
        try await through(.adopt) { () async throws(StoreError) in
            try await real.adopt(claimed, from: previous, by: supervisor, host: host, for: duration)
        }
    }

    func task(_ id: TaskID) async throws(StoreError) -> QueuedTask? {
        try await real.task(id)
    }

    func taskIDs(withPrefix prefix: String, limit: Int) async throws(StoreError) -> [TaskID] {
        try await real.taskIDs(withPrefix: prefix, limit: limit)
    }

    func tasks(matching filter: TaskFilter) async throws(StoreError) -> [QueuedTask] {
        try await real.tasks(matching: filter)
    }

    func attempts(of id: TaskID) async throws(StoreError) -> [TaskAttempt] {
        try await real.attempts(of: id)
    }

    func attempts(onWorkersWithPrefix prefix: String) async throws(StoreError) -> [TaskAttempt] {
        try await real.attempts(onWorkersWithPrefix: prefix)
    }

    func events(of id: TaskID, after sequence: Int64) async throws(StoreError) -> [TaskEvent] {
        try await real.events(of: id, after: sequence)
    }

    func counts() async throws(StoreError) -> [QueueCount] {
        try await real.counts()
    }

    func waits() async throws(StoreError) -> [QueueWait] {
        try await real.waits()
    }

    func processDemand(queues: [String], upTo most: Int) async throws(StoreError) -> [String: Int] {
        try await real.processDemand(queues: queues, upTo: most)
    }

    func untilDue(queues: [String]) async throws(StoreError) -> Duration? {
        try await real.untilDue(queues: queues)
    }

    func save(_ supervisor: SupervisorRecord) async throws(StoreError) {
        try await real.save(supervisor)
    }

    func supervisors() async throws(StoreError) -> [SupervisorRecord] {
        try await real.supervisors()
    }

    func remove(supervisor: SupervisorID) async throws(StoreError) {
        try await real.remove(supervisor: supervisor)
    }

    func save(_ worker: WorkerRecord) async throws(StoreError) {
        try await real.save(worker)
    }

    func workers(installation: String) async throws(StoreError) -> [WorkerRecord] {
        try await real.workers(installation: installation)
    }

    func remove(worker: WorkerID) async throws(StoreError) {
        try await real.remove(worker: worker)
    }

    func lookAfter() async throws(StoreError) -> StoreHealth {
        try await real.lookAfter()
    }

    func changeToken() async throws(StoreError) -> Int64 {
        try await real.changeToken()
    }

    func close() async {
        await real.close()
    }
}
