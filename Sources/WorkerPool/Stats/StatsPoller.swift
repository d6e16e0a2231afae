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
        var memory: UsageAlarm
        var processes: UsageAlarm
    }

    private let pool: WorkerPool
    private let interval: Duration
    private let warnAt: Int
    private let engine: EngineClient?
    private let reader = UsageReader()
    private let watched = Mutex<[WorkerID: Watched]>([:])
    private let logger: Logger
    private let roundTime = Metrics.Timer(label: "acode_stats_round_seconds")

    /// Makes a poller; `warnAt` is in percent of a limit.
    package init(
        pool: WorkerPool, interval: Duration, warnAt: Int, logger: Logger,
        engine: EngineClient?
    ) {
        self.pool = pool
        self.interval = interval
        self.warnAt = warnAt
        self.logger = logger
        self.engine = engine
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
        let words = watched.withLock { watched in
            let known = watched
            watched = [:]
            var words: [(String, Logger.Metadata)] = []
            for worker in workers {
                guard let sample = samples[worker.id] else { continue }
                var entry =
                    known[worker.id]
                    ?? Watched(memory: UsageAlarm(percent: warnAt), processes: UsageAlarm(percent: warnAt))
                words += entry.take(sample, of: worker)
                watched[worker.id] = entry
            }
            return words
        }
        roundTime.recordSeconds((ContinuousClock.now - begun) / .seconds(1))
        for (message, metadata) in words { logger.warning("\(message)", metadata: metadata) }
    }
}

extension StatsPoller.Watched {
    fileprivate mutating func take(_ sample: UsageSample, of worker: any Worker) -> [(String, Logger.Metadata)] {
        let isLimited = worker.profile.mode == .docker
        let limits = worker.profile.limits
        let usage = WorkerUsage(
            cpuCores: last.map { sample.cores(since: $0) } ?? 0, memoryBytes: sample.memoryBytes,
            memoryLimitBytes: isLimited ? UInt64(limits.memoryBytes) : 0, processes: sample.processes,
            processLimit: isLimited ? limits.pidsLimit : 0, blockRead: sample.blockRead,
            blockWritten: sample.blockWritten, networkReceived: sample.networkReceived,
            networkSent: sample.networkSent)
        last = sample
        self.usage = usage
        guard isLimited else { return [] }
        var words: [(String, Logger.Metadata)] = []
        if memory.take(share: Double(usage.memoryBytes) / Double(usage.memoryLimitBytes)) == .raised {
            words.append(
                (
                    "a worker is close to its memory limit",
                    [
                        "worker.id": "\(worker.id)", "memory.bytes": "\(usage.memoryBytes)",
                        "memory.limit": "\(usage.memoryLimitBytes)",
                    ]
                ))
        }
        if processes.take(share: Double(usage.processes) / Double(usage.processLimit)) == .raised {
            words.append(
                (
                    "a worker is close to its limit of processes",
                    [
                        "worker.id": "\(worker.id)", "processes": "\(usage.processes)",
                        "processes.limit": "\(usage.processLimit)",
                    ]
                ))
        }
        return words
    }
}
