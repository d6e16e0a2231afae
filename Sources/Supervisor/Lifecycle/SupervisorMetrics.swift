internal import Metrics
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// The supervisor's counters and gauges, by the names of the Prometheus conventions.
package struct SupervisorMetrics: Sendable {
    private let untyped = TaskMetrics(type: nil)
    private let typed = TypedMetrics()
    private let concurrent = Gauge(label: "acode_worker_concurrent_jobs")
    private let conflicts = Counter(label: "acode_acquire_conflicts_total")
    private let deadLetters: [TaskOutcome: Counter]
    private let heartbeats = Counter(label: "acode_heartbeats_total")
    private let heartbeatFailures = Counter(label: "acode_heartbeat_failures_total")
    private let recoveries: [RecoveredTask.Fate: Counter]
    private let observations: [RecoveredTask.Fate: Counter]
    private let restarted = Counter(label: "acode_recovered_jobs_total", dimensions: [("reason", "restart")])
    private let concurrencyCuts = Counter(label: "acode_queue_concurrency_cuts_total")
    private let resultsKept = Counter(label: "acode_results_kept_total")
    private let resultsDelivered = Counter(label: "acode_results_delivered_late_total")
    private let resultsDiscarded = Counter(label: "acode_results_discarded_total")
    private let storeFailures = Counter(label: "acode_store_failures_total")
    private let duplicateSkips = Counter(label: "acode_duplicate_skips_total")
    private let expiries = Counter(label: "acode_expired_tasks_total")
    private let pauses: [String: Counter]
    private let vacuums = Counter(label: "acode_store_vacuums_total")
    private let hindrance = Gauge(label: "acode_store_oldest_transaction_seconds")
    private let listening = Gauge(label: "acode_store_listening")
    private let paused = Gauge(label: "acode_worker_paused")
    private let scratchBytes = Gauge(label: "acode_scratch_bytes")
    private let prunedTasks = Dictionary(
        uniqueKeysWithValues: TaskState.allCases.filter(\.isTerminal).map {
            ($0, Counter(label: "acode_pruned_tasks_total", dimensions: [("state", $0.rawValue)]))
        })
    private let prunedDirectories = Dictionary(
        uniqueKeysWithValues: TaskFiles.Kind.allCases.map {
            ($0, Counter(label: "acode_pruned_directories_total", dimensions: [("kind", $0.rawValue)]))
        })
    private let workerStart = Timer(label: "acode_worker_start_seconds")
    private let workersLost = Counter(label: "acode_workers_ended_total", dimensions: [("end", "lost")])
    private let workersStopped = Counter(label: "acode_workers_ended_total", dimensions: [("end", "stopped")])
    private let scaledUp = Counter(label: "acode_pool_scalings_total", dimensions: [("direction", "up")])
    private let scaledDown = Counter(label: "acode_pool_scalings_total", dimensions: [("direction", "down")])
    private let crashLoops = Counter(label: "acode_worker_crash_loops_total")
    private let workersDetached = Counter(label: "acode_workers_ended_total", dimensions: [("end", "detached")])
    private let workersFailed = Counter(label: "acode_workers_ended_total", dimensions: [("end", "start_failed")])

    /// Makes the handlers once; they go to the metrics system of the process.
    package init() {
        deadLetters = Dictionary(
            uniqueKeysWithValues: TaskOutcome.allCases.map {
                ($0, Counter(label: "acode_dead_letters_total", dimensions: [("code", $0.rawValue)]))
            })
        pauses = Dictionary(
            uniqueKeysWithValues: [Pressure.Measure.cpuLoad, .memory, .disk, .queue("")].map {
                ($0.cause, Counter(label: "acode_worker_pauses_total", dimensions: [("cause", $0.cause)]))
            })
        func fates(label: String) -> [RecoveredTask.Fate: Counter] {
            Dictionary(
                uniqueKeysWithValues: RecoveredTask.Fate.allCases.map {
                    ($0, Counter(label: label, dimensions: [("reason", $0.rawValue)]))
                })
        }
        recoveries = fates(label: "acode_recovered_jobs_total")
        observations = fates(label: "acode_recovery_observed_total")
    }

    func attemptClaimed(running: Int) { concurrent.record(running) }

    func claimsConflicted(_ count: Int) { if count > 0 { conflicts.increment(by: count) } }

    func deadLettered(_ outcome: TaskOutcome) { deadLetters[outcome]?.increment() }

    func attemptFinished(running: Int) { concurrent.record(running) }

    func attemptEnded(_ outcome: TaskOutcome, seconds: Double?, type: String? = nil) {
        tasks(of: type).attemptEnded(outcome, seconds: seconds)
    }

    func triedAgain(after outcome: TaskOutcome, type: String? = nil) { tasks(of: type).triedAgain(after: outcome) }

    private func tasks(of type: String?) -> TaskMetrics { type.map(typed.of) ?? untyped }

    func heartbeatSucceeded() { heartbeats.increment() }

    func heartbeatFailed() { heartbeatFailures.increment() }

    /// Notes that claiming pauses or not, and what has begun to be too much.
    func pressed(by causes: [String], isPaused: Bool) {
        for cause in causes { pauses[cause]?.increment() }
        paused.record(isPaused ? 1 : 0)
    }

    func lookedAfter(_ health: StoreHealth) {
        vacuums.increment(by: health.vacuumed.count)
        hindrance.record(health.hindrance?.age.components.seconds ?? 0)
    }

    func heard(_ signal: StoreSignal) {
        switch signal {
        case .ready: Counter(label: "acode_store_wakeups_total", dimensions: [("kind", "ready")]).increment()
        case .cancelRequested:
            Counter(label: "acode_store_wakeups_total", dimensions: [("kind", "cancel")]).increment()
        case .missed: listening.record(1)
        case .deaf: listening.record(0)
        }
    }

    func expired(_ count: Int) {
        expiries.increment(by: count)
        deadLetters[.expired]?.increment(by: count)
    }

    func recovered(_ fates: [RecoveredTask.Fate]) {
        for fate in fates { recoveries[fate]?.increment() }
        exhausted(fates)
    }

    private func exhausted(_ fates: [RecoveredTask.Fate]) {
        deadLetters[.leaseLost]?.increment(by: fates.count { $0 == .exhausted })
    }

    /// Notes what would have been recovered.
    func observed(_ fates: [RecoveredTask.Fate]) { for fate in fates { observations[fate]?.increment() } }

    /// Notes a pass over the pool's objects: what was nobody's and is still there, by kind, and what was removed.
    func garbage(_ reports: [GarbageReport]) {
        for kind in PoolObject.Kind.allCases {
            let own = reports.filter { $0.object.kind == kind }
            let labels = [("kind", kind.rawValue)]
            Gauge(label: "acode_unknown_objects", dimensions: labels)
                .record(own.count { $0.action == .failed || $0.action == .wouldRemove })
            Counter(label: "acode_objects_removed_total", dimensions: labels)
                .increment(by: own.count { $0.action == .removed })
        }
    }

    func recoveredAtStart(_ fates: [RecoveredTask.Fate]) {
        restarted.increment(by: fates.count)
        exhausted(fates)
    }

    /// Notes a look for what has to go.
    func pruned(_ report: RetentionPass.Report) {
        for (state, count) in report.tasks { prunedTasks[state]?.increment(by: count) }
        for (kind, count) in report.directories { prunedDirectories[kind]?.increment(by: count) }
    }

    /// Notes that fewer tasks of a queue run at once.
    func concurrencyCut() { concurrencyCuts.increment() }

    /// Notes the end of an attempt that is kept on the disk, because the store does not take it.
    func resultKept() { resultsKept.increment() }

    /// Notes one that an earlier supervisor had kept, and that is in the store now.
    func resultDelivered() { resultsDelivered.increment() }

    /// Notes one that came after its lease was lost.
    func resultDiscarded() { resultsDiscarded.increment() }

    func storeFailed() { storeFailures.increment() }

    func scaled(up: Bool) { (up ? scaledUp : scaledDown).increment() }

    func crashLooping() { crashLoops.increment() }

    func skippedDuplicate() { duplicateSkips.increment() }

    func scratchKept(bytes: Int64) { scratchBytes.record(bytes) }

    func workerReady(after elapsed: Duration) { workerStart.recordSeconds(elapsed / .seconds(1)) }

    func workerEnded(_ end: WorkerEnd) {
        switch end {
        case .stopped: workersStopped.increment()
        case .detached: workersDetached.increment()
        case .lost: workersLost.increment()
        case .startFailed: workersFailed.increment()
        }
    }
}
