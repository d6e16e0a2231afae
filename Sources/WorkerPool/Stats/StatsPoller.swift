internal import AgentProtocol
internal import AsyncAlgorithms
package import ContainerEngine
package import Logging
internal import Metrics
internal import Synchronization
package import TaskModel

/// Measures every worker at a fixed interval, all in one go, and warns about high use.
///
/// Reads the kernel's files on a thread of its own, so a slow read never delays a task; where the files can't be seen it
/// asks the engine.
package final class StatsPoller: Sendable {
    fileprivate struct Watched {
        var last: UsageSample?
        var usage: WorkerUsage?
        var watch: UsageWatch
    }

    private let pool: WorkerPool
    private let interval: Duration
    private let warnAt: Int
    private let engine: EngineClient?
    private let alerted: @Sendable (UsageAlert) -> Void
    private let reader = UsageReader()
    private let watched = Mutex<[WorkerID: Watched]>([:])
    private let logger: Logger
    private let highUses = Dictionary(
        uniqueKeysWithValues: UsageAlert.Resource.allCases.map {
            ($0, Counter(label: "acode_worker_high_usage_total", dimensions: [("resource", $0.rawValue)]))
        })
    private let roundTime = Metrics.Timer(label: "acode_stats_round_seconds")

    /// Makes a poller; `warnAt` is in percent of a limit. `alerted` is told of high use and of its end, beside the log.
    package init(
        pool: WorkerPool, interval: Duration, warnAt: Int, logger: Logger,
        engine: EngineClient?, alerted: @escaping @Sendable (UsageAlert) -> Void = { _ in }
    ) {
        self.pool = pool
        self.interval = interval
        self.warnAt = warnAt
        self.logger = logger
        self.engine = engine
        self.alerted = alerted
    }

    /// Measures until the task is cancelled.
    package func run() async {
        for await _ in AsyncTimerSequence(interval: interval, clock: .continuous) { await round() }
    }

    /// The last measurement of a worker.
    package func usage(of worker: WorkerID) -> WorkerUsage? { watched.withLock { $0[worker]?.usage } }

    /// Measures once.
    package func round() async {
        let begun = ContinuousClock.now
        let workers = pool.workers.filter { $0.agentPID != nil }
        var samples = await reader.read(
            workers.compactMap { worker in
                worker.agentPID.map {
                    UsageReader.Subject(worker: worker.id, mode: worker.profile.mode, agentPID: $0)
                }
            })
        let unseen = workers.filter { samples[$0.id] == nil && $0.profile.mode == .docker }
        if !unseen.isEmpty, let engine { samples.merge(await EngineStats.read(unseen, from: engine)) { own, _ in own } }
        let alerts = watched.withLock { watched in
            let known = watched
            watched = [:]
            var alerts: [UsageAlert] = []
            for worker in workers {
                guard let sample = samples[worker.id] else { continue }
                var entry = known[worker.id] ?? Watched(watch: UsageWatch(percent: warnAt))
                alerts += entry.take(sample, of: worker)
                watched[worker.id] = entry
            }
            return alerts
        }
        roundTime.recordSeconds((ContinuousClock.now - begun) / .seconds(1))
        alerts.forEach(tell)
    }

    private func tell(_ alert: UsageAlert) {
        var metadata: Logger.Metadata = [
            "worker.id": "\(alert.worker)", "resource": "\(alert.resource.rawValue)", "usage": "\(alert.message)",
        ]
        if let attempt = alert.attempt { metadata["task.id"] = "\(attempt.taskID)" }
        if alert.isHigh {
            highUses[alert.resource]?.increment()
            logger.warning("a worker is close to a limit", metadata: metadata)
        } else {
            logger.info("a worker is no longer close to a limit", metadata: metadata)
        }
        alerted(alert)
    }
}

extension StatsPoller.Watched {
    fileprivate mutating func take(_ sample: UsageSample, of worker: any Worker) -> [UsageAlert] {
        let isLimited = worker.profile.mode == .docker
        let limits = worker.profile.limits
        var usage = WorkerUsage(
            cpuCores: last.map { sample.cores(since: $0) } ?? 0, memoryBytes: sample.memoryBytes,
            memoryLimitBytes: isLimited ? UInt64(limits.memoryBytes) : 0, processes: sample.processes,
            processLimit: isLimited ? limits.pidsLimit : 0, blockRead: sample.blockRead,
            blockWritten: sample.blockWritten, networkReceived: sample.networkReceived,
            networkSent: sample.networkSent, cpuLimitCores: isLimited ? limits.cpus : 0)
        last = sample
        let alerts = watch.take(usage, of: worker.id, running: worker.currentAttempt)
        usage.high = watch.high.map(\.rawValue)
        self.usage = usage
        return alerts
    }
}
