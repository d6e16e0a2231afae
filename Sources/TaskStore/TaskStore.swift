package import Foundation
package import TaskModel

/// The durable queue: the only thing that writes the state of tasks.
///
/// Every write of an attempt names its lease and is refused when the lease is no longer the current one. Time is
/// the store's own clock. All calls may wait for storage; none blocks a cooperative thread; each throws
/// `StoreError`. Cancelling the calling task may or may not undo a call that has begun: it never undoes half of it.
package protocol TaskStore: Sendable {
    /// Accepts tasks, all or none, and returns them in the order given. Where a specification has a unique key that
    /// another task of its queue holds, one given before it included, that task is returned instead.
    func accept(_ specs: [TaskSpec]) async throws(StoreError) -> [Submission]

    /// As `accept`, for callers to whom new and old tasks are the same.
    func submit(_ specs: [TaskSpec]) async throws(StoreError) -> [QueuedTask]

    /// Takes up to `request.limit` due tasks (at most 1,000), best priority first, then oldest, and leases them to the
    /// caller. Takes none of a paused queue, none that has expired, and of a queue with a limit no more than may run. With `request.turns` the
    /// best come first within a queue only, and the turns decide between queues; the tasks come in that order.
    /// Finding none changes nothing, `changeToken` included.
    func claim(_ request: ClaimRequest) async throws(StoreError) -> [ClaimedTask]

    /// How often claims of this store object had to begin again, or gave up, because others held what they wanted, since this
    /// was asked last.
    func takeClaimConflicts() -> Int

    /// Records that the command of an attempt runs on `worker`. Returns false when the lease is lost.
    func start(_ lease: Lease, worker: WorkerID, at: Date) async throws(StoreError) -> Bool

    /// Records the ends of attempts, each in the fence of its own lease. Returns the leases that were current;
    /// those absent were lost, and nothing was written for them.
    func finish(_ results: [(lease: Lease, result: AttemptResult)]) async throws(StoreError) -> Set<Lease>

    /// Says on their timelines that the ends of attempts came too late: of those whose lease `finish` did not find, and so
    /// may be asked again about the same. Tells of each what the store knows, and writes nothing for a current lease.
    func discard(_ results: [(lease: Lease, result: AttemptResult)]) async throws(StoreError) -> [Lease: LateEnd]

    /// Extends leases to `duration` from now and tells which are still held and which of those should stop. One that has
    /// been held for as long as its claim allowed is not extended and not held any more, but `finish` still knows it.
    func renew(_ leases: [Lease], for duration: Duration) async throws(StoreError) -> [LeaseStatus]

    /// The leases that a supervisor has, in no order; at most 10,000.
    func leases(of supervisor: SupervisorID) async throws(StoreError) -> [Lease]

    /// Adds to the timeline of a running attempt; ignored when the lease is lost.
    func record(_ kind: TaskEvent.Kind, message: String, progress: Double?, lease: Lease) async throws(StoreError)

    /// Cancels at once what is not running, and asks the supervisor of what is. Returns the state after the call,
    /// `nil` for an unknown task.
    func cancel(_ task: TaskID, reason: String) async throws(StoreError) -> QueuedTask?

    /// Puts a task in state `error` or `cancelled` back into its queue with fresh counts, to go on at its last checkpoint or
    /// `fromStart`. Returns `nil` for an unknown task, and the unchanged task when its state forbids it or another one has
    /// its unique key.
    func requeue(_ task: TaskID, fromStart: Bool) async throws(StoreError) -> QueuedTask?

    /// Saves a checkpoint of a running attempt, as durably as its end. One of a phase that the attempt has saved before takes
    /// its place; the last two of each attempt are kept. Throws `internal` for a draft that no store can keep.
    func save(_ checkpoint: CheckpointDraft, lease: Lease) async throws(StoreError) -> CheckpointVerdict

    /// Lets no attempt begin at the checkpoints after `number` any more; 0 means at none. Returns false when the lease is
    /// lost, and then nothing was written.
    func discard(
        checkpointsAfter number: Int, because reason: String, lease: Lease
    ) async throws(StoreError) -> Bool

    /// The checkpoints of a task that are kept, newest first, those that were discarded included.
    func checkpoints(of id: TaskID) async throws(StoreError) -> [TaskCheckpoint]

    /// Ends tasks that nobody began within their `ttl` since they were submitted or requeued: they become dead letters with
    /// the outcome `expired`. Returns their ids. A task whose command has begun once expires no more.
    func expire() async throws(StoreError) -> [TaskID]

    /// Changes what is said about a queue, known or not, and returns all that is said about it then.
    func control(_ queue: String, _ change: QueueChange) async throws(StoreError) -> QueueControl

    /// What is said about queues, by name; only those about which something is said.
    func queueControls() async throws(StoreError) -> [QueueControl]

    /// Tasks in state `error` that fit, newest first.
    func deadLetters(matching filter: DeadLetterFilter) async throws(StoreError) -> [QueuedTask]

    /// Puts the dead letters that fit back into their queues as `requeue` does, the oldest first, and returns their ids.
    func requeue(deadLetters filter: DeadLetterFilter, fromStart: Bool) async throws(StoreError) -> [TaskID]

    /// Forgets the dead letters that fit, with their attempts and timelines, the oldest first, and returns their ids.
    func purge(deadLetters filter: DeadLetterFilter) async throws(StoreError) -> [TaskID]

    /// Looks at the next tasks after `cursor` in the order of their submission, a few hundred, and forgets those that have
    /// ended and that a rule lets go, with their attempts and timelines. A task whose unique key still keeps others out
    /// stays. Returns no task and no cursor while another supervisor does it in the same store. A rehearsal changes nothing.
    func prune(
        _ rules: [PruneRule], after cursor: PruneCursor?, isRehearsal: Bool
    ) async throws(StoreError) -> PrunePage

    /// Those of the tasks that the store has; at most 1,000 may be asked for.
    func known(_ ids: [TaskID]) async throws(StoreError) -> Set<TaskID>

    /// Tells this store from every other one: a text made with it.
    func identity() async throws(StoreError) -> String

    /// Gives room that forgotten tasks had back to the file system, where the database does not do that by itself. Others
    /// can't write meanwhile.
    func compact() async throws(StoreError)

    /// Notes something that was done by hand by `AuditAuthor.current`, and that no other call notes; nothing without one.
    func note(_ action: AuditAction, _ detail: String) async throws(StoreError)

    /// What was done by hand, newest first. `cancel`, `requeue`, `purge` and `control` note it themselves in the same
    /// transaction, once for each task and queue.
    func audit(matching filter: AuditFilter) async throws(StoreError) -> [AuditEntry]

    /// Forgets what was noted longer ago than `age`, some hundred rows, and returns how many.
    func pruneAudit(olderThan age: Duration) async throws(StoreError) -> Int

    /// Ends leases that ran out: tasks go back to the queue with a `requeued:stale` event, or become dead letters
    /// when they were delivered `maxDeliveries` times. Spares leases that the caller still works under, whatever the
    /// clock says: it may have jumped, and whoever renews them knows best when to give them up, but none that can't be
    /// renewed any more. While a clock that is no server's was put forward just now, none is ended.
    func recoverExpired(maxDeliveries: Int, sparing: [Lease]) async throws(StoreError) -> [RecoveredTask]

    /// What `recoverExpired` would do now, at most 500 of it; changes nothing.
    func stale(maxDeliveries: Int, sparing: [Lease]) async throws(StoreError) -> [RecoveredTask]

    /// Ends every lease of supervisors that are known to be dead, as `recoverExpired` does, without waiting for the
    /// leases to run out.
    func release(leasesOf supervisors: [SupervisorID], maxDeliveries: Int) async throws(StoreError) -> [RecoveredTask]

    /// Takes over an attempt that runs on although its supervisor has ended: in one step its lease becomes the new
    /// supervisor's, with a new token and for `duration` from now, so that whatever the old one still writes is refused.
    /// The attempt is named as it was first claimed, whoever had taken it over meanwhile. Returns `nil` when none of
    /// `previous` holds it any more.
    func adopt(
        _ claimed: Lease, from previous: [SupervisorID], by supervisor: SupervisorID, host: String,
        for duration: Duration
    ) async throws(StoreError) -> ClaimedTask?

    /// One task.
    func task(_ id: TaskID) async throws(StoreError) -> QueuedTask?

    /// Ids that begin with `prefix` in either case, oldest first, at most `limit`, so that people need not type whole ids.
    func taskIDs(withPrefix prefix: String, limit: Int) async throws(StoreError) -> [TaskID]

    /// Tasks, newest first; at most 10,000.
    func tasks(matching filter: TaskFilter) async throws(StoreError) -> [QueuedTask]

    /// The attempts of a task, oldest first.
    func attempts(of id: TaskID) async throws(StoreError) -> [TaskAttempt]

    /// The attempts that began on workers whose id begins with `prefix`, oldest first, of all tasks. Looks at every
    /// attempt there is, so it is for people.
    func attempts(onWorkersWithPrefix prefix: String) async throws(StoreError) -> [TaskAttempt]

    /// The timeline of a task in order, from after `sequence`; at most 10,000 lines, so ask again after the last.
    func events(of id: TaskID, after sequence: Int64) async throws(StoreError) -> [TaskEvent]

    /// How many tasks are in each state, by queue.
    func counts() async throws(StoreError) -> [QueueCount]

    /// How long tasks have waited in each queue that has some that are due: the longest wait among the first of each
    /// priority, which is the longest of all unless many were put back lately.
    func waits() async throws(StoreError) -> [QueueWait]

    /// How many tasks that are due wait in each of these queues for whoever offers no containers, counted up to `most` in
    /// each; queues without such tasks are left out.
    func processDemand(queues: [String], upTo most: Int) async throws(StoreError) -> [String: Int]

    /// How long it takes until the earliest task that waits for its time is due, by the store's clock; zero when it is, `nil`
    /// when none waits.
    func untilDue(queues: [String]) async throws(StoreError) -> Duration?

    /// Tells what happens until the calling task is cancelled; returns at once when this store never tells anything. What is
    /// told came from any store on the same data, this one included.
    func hear(for supervisor: SupervisorID, _ heard: @Sendable (StoreSignal) -> Void) async

    /// Writes or replaces the row of a supervisor and refreshes `seenAt`.
    func save(_ supervisor: SupervisorRecord) async throws(StoreError)

    /// Every known supervisor.
    func supervisors() async throws(StoreError) -> [SupervisorRecord]

    /// Forgets a supervisor that has ended.
    func remove(supervisor: SupervisorID) async throws(StoreError)

    /// Writes or replaces the row of a worker.
    func save(_ worker: WorkerRecord) async throws(StoreError)

    /// Every known worker of an installation, and those of which nobody noted the installation.
    func workers(installation: String) async throws(StoreError) -> [WorkerRecord]

    /// Forgets a worker whose container or process is gone.
    func remove(worker: WorkerID) async throws(StoreError)

    /// Removes what finished writes left where that is worth it, and tells what is in the way. Cheap when there is nothing to
    /// do; any number of supervisors may call it at once.
    func lookAfter() async throws(StoreError) -> StoreHealth

    /// A number that changes whenever anything in the store may have changed; cheap enough to poll every 20 ms. Means
    /// something only beside another one of the same store object.
    func changeToken() async throws(StoreError) -> Int64

    /// How its connections to a server are now; `nil` for a store without one.
    var connections: StoreConnections? { get }

    /// Closes connections. Calls after it throw.
    func close() async
}

extension TaskStore {
    /// A store without a server.
    package var connections: StoreConnections? { nil }

    /// As `requeue(_:fromStart:)`, at its last checkpoint.
    package func requeue(_ task: TaskID) async throws(StoreError) -> QueuedTask? {
        try await requeue(task, fromStart: false)
    }

    /// As `requeue(deadLetters:fromStart:)`, at their last checkpoints.
    package func requeue(deadLetters filter: DeadLetterFilter) async throws(StoreError) -> [TaskID] {
        try await requeue(deadLetters: filter, fromStart: false)
    }
}
