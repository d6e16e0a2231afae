internal import Foundation
internal import Logging
internal import Metrics
internal import TaskModel
internal import WorkerPool

/// Measures what running attempts have on disk, and ends those that go beyond their limit: neither engine can limit it
/// on the usual file systems.
///
/// One thread measures one attempt after the other. However many files there are, measuring takes at most a twentieth of
/// its time: after a long round comes a long pause. In between a task can write more than its limit, by what the disk
/// takes in a second or, with very many files, a few.
final class DiskWatch: Sendable {
    private static let shortestPause = Duration.seconds(1)
    /// Pause over measuring time.
    private static let rest = 19

    private let registry: AttemptRegistry
    private let logger: Logger
    private let reader = DiskReader()
    private let roundTime = Metrics.Timer(label: "acode_disk_round_seconds")

    init(registry: AttemptRegistry, logger: Logger) {
        self.registry = registry
        self.logger = logger
    }

    /// Measures until the task is cancelled.
    func run() async {
        var pause = Self.shortestPause
        while (try? await Task.sleep(for: pause)) != nil {
            let begun = ContinuousClock.now
            await round()
            let took = ContinuousClock.now - begun
            roundTime.recordSeconds(took / .seconds(1))
            pause = max(Self.shortestPause, took * Self.rest)
        }
    }

    private func round() async {
        for attempt in registry.all {
            guard let quota = attempt.diskQuota, let worker = attempt.runningOn, attempt.stopIntent.current == nil,
                !Task.isCancelled
            else { continue }
            let used = await reader.use(of: await worker.diskPlaces, quota)
            guard attempt.runningOn === worker else { continue }
            attempt.noteDiskUse(used)
            guard used > quota.bytes else { continue }
            logger.warning(
                "a task is killed at its disk limit",
                metadata: [
                    "task.id": "\(attempt.claim.task.id)", "worker.id": "\(worker.id)", "disk.bytes": "\(used)",
                    "disk.limit": "\(quota.bytes)",
                ])
            attempt.stopIntent.set(.limit(.disk(usedBytes: used, limitMb: quota.limitMb)))
        }
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

    func use(of places: DiskPlaces, _ quota: DiskQuota) -> Int64 { places.use(since: quota.since, limit: quota.bytes) }
}
