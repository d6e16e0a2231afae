internal import Logging
internal import WorkerPool

/// Tells operators what the pool does.
struct PoolLog: PoolObserver {
    let logger: Logger
    let metrics: SupervisorMetrics
    let timelines: WorkerTimelines

    func workerStarting(_ worker: any Worker) {
        timelines.begin(worker.id, worker.profile.summary)
        logger.debug("worker is being made", metadata: describe(worker))
    }

    func workerReady(_ worker: any Worker, elapsed: Duration) {
        metrics.workerReady(after: elapsed)
        var metadata = describe(worker)
        metadata["worker.start.ms"] = "\(Int(elapsed / .milliseconds(1)))"
        logger.info("worker ready", metadata: metadata)
    }

    func workerChanged(_ worker: any Worker, _ change: WorkerChange) {
        timelines.note(worker.id, WorkerEvent.Kind(change), WorkerEvent.words(change))
    }

    func workerEnded(_ worker: any Worker, _ end: WorkerEnd) {
        metrics.workerEnded(end)
        timelines.end(worker.id, failure: end.failure)
        var metadata = describe(worker)
        switch end {
        case .stopped:
            logger.info("worker stopped", metadata: metadata)
        case .detached:
            logger.info("worker left to the next supervisor", metadata: metadata)
        case .lost(let loss):
            metadata["worker.loss"] = "\(loss.observation)"
            logger.warning("worker lost; another takes its place", metadata: metadata)
        case .startFailed(let error):
            metadata["error.code"] = "\(error.code.rawValue)"
            metadata["error.message"] = "\(error.message)"
            // Whoever watches the engine tells its trouble, once and not for each try.
            let level: Logger.Level = error.code == .engineUnavailable ? .debug : .warning
            logger.log(level: level, "worker could not be started", metadata: metadata)
        }
    }

    func crashLooping(_ trouble: ProfileTrouble, wait: Duration) {
        metrics.crashLooping()
        logger.error(
            "workers of a profile keep failing; none is started for a while",
            metadata: [
                "worker.profile": "\(trouble.profile.summary)", "error.message": "\(trouble.reason)",
                "failures": "\(trouble.failures)", "wait.seconds": "\(Int(wait / .seconds(1)))",
                "hint": "`acode worker restart --all` tries at once",
            ])
    }

    private func describe(_ worker: any Worker) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "worker.id": "\(worker.id)", "worker.profile": "\(worker.profile.summary)",
        ]
        if let id = worker.containerID { metadata["container.id"] = "\(id.prefix(12))" }
        return metadata
    }
}

extension WorkerEvent.Kind {
    fileprivate init(_ change: WorkerChange) {
        self =
            switch change {
            case .started: .started
            case .ready: .ready
            case .silent: .unhealthy
            case .answering: .answering
            case .engineSilent: .engineSilent
            case .engineAnswering: .engineAnswering
            case .leaving: .stopping
            }
    }
}

extension WorkerEvent {
    fileprivate static func words(_ change: WorkerChange) -> String {
        switch change {
        case .started, .ready, .leaving: ""
        case .silent: "its agent hung up"
        case .answering: "its agent is back"
        case .engineSilent: "the engine does not answer"
        case .engineAnswering: "the engine answers again"
        }
    }
}

extension WorkerEnd {
    /// Why it ended by itself; `nil` when somebody wanted it.
    fileprivate var failure: String? {
        switch self {
        case .stopped, .detached: nil
        case .lost(let loss): loss.observation
        case .startFailed(let error): error.message
        }
    }
}
