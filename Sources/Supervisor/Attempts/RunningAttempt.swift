package import AgentProtocol
internal import Logging
internal import Synchronization
package import TaskModel
package import WorkerPool

/// One attempt this supervisor holds the lease of, from claim to the recorded end.
package final class RunningAttempt: Sendable {
    /// The task and the lease.
    package let claim: ClaimedTask
    /// When the store was asked for it.
    let claimedAt: ContinuousClock.Instant
    /// Why it is to end; set once, by whoever is first.
    package let stopIntent = OneShot<StopIntent>()
    /// Set when its command should come to a stop by itself.
    package let stopAnnounced = OneShot<Void>()
    /// Set when it may not go on for the grace of its stop any longer.
    let graceOver = OneShot<Void>()
    private let worker = Mutex<(any Worker)?>(nil)
    private let notes = Mutex(Notes())
    private let agentToken: Int64
    private let currentStage = Mutex(Stage.waiting)
    private let seen = Mutex<AttemptMeasurement?>(nil)
    private let disk = Mutex(Disk())
    private let keepsArtifacts = Mutex(false)
    private let hasFilesInUse = Mutex(false)
    private let leaseTerm: Mutex<LeaseTerm>

    /// Who writes its timeline, and what it has to write that came before.
    private struct Notes {
        var recorder: AttemptRecorder?
        var early: [AttemptRecorder.Note] = []
    }

    private struct Disk {
        var quota: DiskQuota?
        var peak: Int64?
        var alarm: UsageAlarm?
    }

    /// How far it is.
    package enum Stage: Sendable {
        /// It has no worker yet. → `running`, `held`.
        case waiting
        /// It may not begin any more. Final.
        case held
        /// Its worker has it. → `concluding`.
        case running
        /// Its end is being written down. Final.
        case concluding
    }

    /// Wraps a claim that the store was asked for at `instant`. `agentToken` is the token its agent knows, when the lease
    /// was another's before.
    package init(claim: ClaimedTask, askedAt instant: ContinuousClock.Instant = .now, agentToken: Int64? = nil) {
        self.claim = claim
        claimedAt = instant
        leaseTerm = Mutex(LeaseTerm(askedAt: instant, renewable: claim.renewable))
        self.agentToken = agentToken ?? claim.lease.token
    }

    /// What the agent is told to call it.
    package var ref: AttemptRef {
        AttemptRef(taskID: claim.task.id.rawValue, attempt: claim.lease.attempt, token: agentToken)
    }

    /// Task and attempt, for people.
    var words: String { "\(claim.task.id) (attempt \(claim.lease.attempt))" }

    /// What a log line says, with the type of the task where it has one.
    func typed(_ metadata: Logger.Metadata) -> Logger.Metadata {
        guard let type = claim.task.spec.type else { return metadata }
        return metadata.merging(["task.type": "\(type)"]) { own, _ in own }
    }

    /// How far it is.
    package var stage: Stage { currentStage.withLock { $0 } }

    /// Until when it may go on.
    var term: LeaseTerm { leaseTerm.withLock { $0 } }

    /// Notes that its lease was renewed, as asked for at `instant`.
    func renewed(at instant: ContinuousClock.Instant) { leaseTerm.withLock { $0.renewed(at: instant) } }

    /// Keeps it from beginning; nothing happens when it has begun.
    func hold() {
        let isHeld = currentStage.withLock { stage in
            if stage == .waiting { stage = .held }
            return stage == .held
        }
        if isHeld { stopIntent.set(.shutdown) }
    }

    /// Notes that it is handed to its worker; returns false when it may not begin any more.
    func begin() -> Bool {
        currentStage.withLock { stage in
            guard stage == .waiting else { return false }
            stage = .running
            return true
        }
    }

    /// Notes that its worker is done with it.
    func conclude() { currentStage.withLock { $0 = .concluding } }

    /// The worker it runs on.
    package var currentWorker: WorkerID? { worker.withLock { $0?.id } }

    /// Whether its worker is a process, which ends with its supervisor.
    var runsLocally: Bool { worker.withLock { $0?.profile.mode == .local } }

    /// The worker it runs on.
    var runningOn: (any Worker)? { worker.withLock { $0 } }

    /// What it may have on disk; `nil` before it runs, and without a limit.
    var diskQuota: DiskQuota? { disk.withLock { $0.quota } }

    /// The most it was seen to have on disk, in bytes.
    var diskPeak: Int64? { disk.withLock { $0.peak } }

    /// Lets its use of the disk be watched: what it wrote since its beginning, in nanoseconds since 1970.
    func limitDisk(to limitMb: Int?, since start: Int64 = DiskUse.now()) {
        guard let limitMb else { return }
        disk.withLock { $0.quota = DiskQuota(limitMb: limitMb, since: start) }
    }

    /// Notes what it was seen to have on disk, in bytes, and tells when that begins or ends to be `percent` of its limit.
    func noteDiskUse(_ bytes: Int64, warnAt percent: Int) -> UsageAlarm.Change? {
        disk.withLock { disk in
            disk.peak = max(disk.peak ?? 0, bytes)
            guard let quota = disk.quota else { return nil }
            var alarm = disk.alarm ?? UsageAlarm(percent: percent)
            defer { disk.alarm = alarm }
            return alarm.take(share: Double(bytes) / Double(max(1, quota.bytes)))
        }
    }

    /// What was seen of it from outside so far.
    var measurement: AttemptMeasurement? { seen.withLock { $0 } }

    /// Notes what was seen of it from outside so far.
    func note(_ measurement: AttemptMeasurement) { seen.withLock { $0 = measurement } }

    /// Whether there are artifacts of its task's checkpoints on this host.
    var hasCheckpointArtifacts: Bool { keepsArtifacts.withLock { $0 } }

    /// Notes that a checkpoint of its task is kept.
    func noteCheckpoint(hasArtifacts: Bool) {
        if hasArtifacts { keepsArtifacts.withLock { $0 = true } }
    }

    /// Whether this supervisor may still read or write the files of its worker after its end.
    var leavesFilesInUse: Bool { hasFilesInUse.withLock { $0 } }

    /// Notes that something goes on with the files of its worker that nobody waits for any more.
    func noteFilesInUse() { hasFilesInUse.withLock { $0 = true } }

    /// Ends the attempt without any grace, or what is left of that, because another supervisor may run its task. Returns
    /// false when it was to end already.
    @discardableResult
    func loseLease() -> Bool {
        if stopIntent.set(.leaseLost) { return true }
        graceOver.set(())
        return false
    }

    /// Ends the attempt without any grace: its worker is stopped by force.
    package func forceStop(_ intent: StopIntent) {
        stopIntent.set(intent)
        worker.withLock { $0 }?.stop(force: true)
    }

    /// Notes the worker that is about to run it.
    func assign(_ worker: any Worker) { self.worker.withLock { $0 = worker } }

    /// Forgets the worker, which now belongs to the pool again.
    func unassign() { worker.withLock { $0 = nil } }

    /// Lets notes about the attempt go to `recorder`, until its stream is finished; first those that came before.
    func follow(_ recorder: AttemptRecorder) {
        notes.withLock { notes in
            notes.recorder = recorder
            for note in notes.early { recorder.add(note) }
            notes.early = []
        }
    }

    /// Puts the progress on the attempt's timeline that was held back, once that may be.
    func tellProgress() { notes.withLock { $0.recorder }?.tellProgress() }

    /// Puts a note on the attempt's timeline, or keeps it until there is one; without effect when its stream is finished.
    func tell(_ note: AttemptRecorder.Note) {
        notes.withLock { notes in
            if let recorder = notes.recorder { recorder.add(note) } else { notes.early.append(note) }
        }
    }
}
