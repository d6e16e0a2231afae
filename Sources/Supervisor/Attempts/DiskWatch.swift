internal import Foundation
internal import Logging
internal import Metrics
internal import Synchronization
internal import TaskModel
internal import WorkerPool

/// Measures what running attempts have on disk, and ends those that go beyond their limit: neither engine can limit it
/// on the usual file systems.
///
/// One thread measures one attempt after the other. However many files there are, measuring takes about a twentieth of
/// its time: after much of it comes a long pause. In between a task can write more than its limit, by what the disk
/// takes in a second or, with very many files, a few. An attempt whose worker can't say where it writes, because the engine
/// does not answer, holds up no other.
final class DiskWatch: Sendable {
    private static let shortestPause = Duration.seconds(1)
    /// Pause over measuring time.
    private static let rest = 19

    private let registry: AttemptRegistry
    private let warnAt: Int
    private let logger: Logger
    private let reader = DiskReader()
    private let underWay = Mutex<Set<Lease>>([])
    private let roundTime = Metrics.Timer(label: "acode_disk_round_seconds")
    private let highUses = Counter(label: "acode_worker_high_usage_total", dimensions: [("resource", "disk")])

    /// `warnAt` is in percent of a limit.
    init(registry: AttemptRegistry, warnAt: Int, logger: Logger) {
        self.registry = registry
        self.warnAt = warnAt
        self.logger = logger
    }

    /// Measures until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            var pause = Self.shortestPause
            while (try? await Task.sleep(for: pause)) != nil {
                let took = await reader.timeTaken()
                if took > .zero { roundTime.recordSeconds(took / .seconds(1)) }
                for attempt in registry.all {
                    let lease = attempt.claim.lease
                    guard underWay.withLock({ $0.insert(lease).inserted }) else { continue }
                    group.addTask {
                        await self.measure(attempt)
                        self.underWay.withLock { _ = $0.remove(lease) }
                    }
                }
                pause = max(Self.shortestPause, took * Self.rest)
            }
            group.cancelAll()
        }
    }

    private func measure(_ attempt: RunningAttempt) async {
        guard let quota = attempt.diskQuota, let worker = attempt.runningOn, attempt.stopIntent.current == nil else {
            return
        }
        let places = await worker.diskPlaces
        guard !Task.isCancelled else { return }
        let used = await reader.use(of: places, quota)
        guard attempt.runningOn === worker else { return }
        warn(attempt, attempt.noteDiskUse(used, warnAt: warnAt), used, quota)
        guard used > quota.bytes else { return }
        logger.warning(
            "a task is killed at its disk limit",
            metadata: attempt.typed([
                "task.id": "\(attempt.claim.task.id)", "worker.id": "\(worker.id)", "disk.bytes": "\(used)",
                "disk.limit": "\(quota.bytes)",
            ]))
        attempt.stopIntent.set(.limit(.disk(usedBytes: used, limitMb: quota.limitMb)))
    }

    private func warn(_ attempt: RunningAttempt, _ change: UsageAlarm.Change?, _ used: Int64, _ quota: DiskQuota) {
        // One that is beyond its limit is told so by its end.
        guard let change, used <= quota.bytes else { return }
        let share = "\(used * 100 / max(1, quota.bytes)) % of the limit, \(used >> 20) of \(quota.limitMb) MiB"
        let words = change == .raised ? "disk use is high: \(share)" : "disk use is down to \(share)"
        let metadata = attempt.typed([
            "task.id": "\(attempt.claim.task.id)", "resource": "disk", "usage": "\(words)",
        ])
        if change == .raised {
            highUses.increment()
            logger.warning("a worker is close to a limit", metadata: metadata)
        } else {
            logger.info("a worker is no longer close to a limit", metadata: metadata)
        }
        attempt.tell(.usage(isHigh: change == .raised, words))
    }
}

/// What an attempt may have on disk.
struct DiskQuota: Sendable, Equatable {
    /// The limit in MiB.
    var limitMb: Int
    /// When the attempt began, in nanoseconds since 1970.
    var since: Int64

    var bytes: Int64 { Int64(limitMb) << 20 }
}

/// Measures off the cooperative threads.
private actor DiskReader {
    private static let thread = DedicatedThread(name: "acode-disk")

    nonisolated var unownedExecutor: UnownedSerialExecutor { Self.thread.asUnownedSerialExecutor() }

    private var taken = Duration.zero

    func use(of places: DiskPlaces, _ quota: DiskQuota) -> Int64 {
        let begun = ContinuousClock.now
        defer { taken += ContinuousClock.now - begun }
        return places.use(since: quota.since, limit: quota.bytes)
    }

    /// How long it has measured since the last call.
    func timeTaken() -> Duration {
        defer { taken = .zero }
        return taken
    }
}
