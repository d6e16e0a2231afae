internal import AgentProtocol
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
        var gauges: UsageGauges
        var attempt: AttemptMeasurement?
    }

    private let pool: WorkerPool
    private let interval: Duration
    private let warnAt: Int
    private let engine: EngineClient?
    private let alerted: @Sendable (UsageAlert) -> Void
    private let measured: @Sendable (AttemptMeasurement) -> Void
    private let ownsNetwork: Bool
    private let reader = UsageReader()
    private let watched = Mutex<[WorkerID: Watched]>([:])
    private let logger: Logger
    private let highUses = Dictionary(
        uniqueKeysWithValues: UsageAlert.Resource.allCases.map {
            ($0, Counter(label: "acode_worker_high_usage_total", dimensions: [("resource", $0.rawValue)]))
        })
    private let roundTime = Metrics.Timer(label: "acode_stats_round_seconds")

    /// Makes a poller; `warnAt` is in percent of a limit. `ownsNetwork` says whether containers have a network of their
    /// own, whose traffic is theirs. `alerted` is told of high use and of its end, beside the log, `measured` what each
    /// running attempt was seen to use so far.
    package init(
        pool: WorkerPool, interval: Duration, warnAt: Int, logger: Logger,
        engine: EngineClient?, ownsNetwork: Bool = true, alerted: @escaping @Sendable (UsageAlert) -> Void = { _ in },
        measured: @escaping @Sendable (AttemptMeasurement) -> Void = { _ in }
    ) {
        self.measured = measured
        self.ownsNetwork = ownsNetwork
        self.pool = pool
        self.interval = interval
        self.warnAt = warnAt
        self.logger = logger
        self.engine = engine
        self.alerted = alerted
    }

    /// Measures until the task is cancelled.
    package func run() async {
        for await _ in Beats(every: interval) { await round() }
        watched.withLock { watched in
            for entry in watched.values { entry.gauges.remove() }
            watched = [:]
        }
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
        let (alerts, attempts) = take(samples, of: workers)
        roundTime.recordSeconds((ContinuousClock.now - begun) / .seconds(1))
        attempts.forEach(measured)
        alerts.forEach(tell)
    }

    private func take(
        _ samples: [WorkerID: UsageSample], of workers: [any Worker]
    ) -> ([UsageAlert], [AttemptMeasurement]) {
        watched.withLock { watched in
            var known = watched
            watched = [:]
            var (alerts, attempts): ([UsageAlert], [AttemptMeasurement]) = ([], [])
            for worker in workers {
                guard var sample = samples[worker.id] else { continue }
                if !ownsNetwork { sample.network = nil }
                var entry =
                    known.removeValue(forKey: worker.id)
                    ?? Watched(watch: UsageWatch(percent: warnAt), gauges: UsageGauges(of: worker.id))
                alerts += entry.take(sample, of: worker)
                if let attempt = entry.attempt { attempts.append(attempt) }
                watched[worker.id] = entry
            }
            // One that could not be measured this time goes on where it was.
            for worker in workers { watched[worker.id] = watched[worker.id] ?? known.removeValue(forKey: worker.id) }
            for gone in known.values { gone.gauges.remove() }
            return (alerts, attempts)
        }
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
        let limits = worker.limitsInForce
        var usage = WorkerUsage(
            cpuCores: last.map { sample.cores(since: $0) } ?? 0, memoryBytes: sample.memoryBytes,
            memoryLimitBytes: UInt64(clamping: limits?.memoryBytes ?? 0), processes: sample.processes,
            processLimit: limits?.pidsLimit ?? 0, blockRead: sample.blockRead, blockWritten: sample.blockWritten,
            networkReceived: sample.network?.received, networkSent: sample.network?.sent,
            memoryIncludesCache: sample.memoryIncludesCache, cpuLimitCores: limits?.cpus ?? 0)
        let running = worker.currentAttempt
        if attempt?.attempt != running { attempt = running.map { AttemptMeasurement(of: $0, from: last ?? sample) } }
        attempt?.take(sample)
        last = sample
        let alerts = watch.take(usage, of: worker.id, running: running)
        usage.high = watch.high.map(\.rawValue)
        gauges.record(usage)
        self.usage = usage
        return alerts
    }
}
