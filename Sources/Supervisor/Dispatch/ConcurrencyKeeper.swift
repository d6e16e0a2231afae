internal import Logging
internal import Synchronization
internal import TaskModel

/// Knows how many more tasks of each queue may be taken, where queues are limited by how well they go.
final class ConcurrencyKeeper: Sendable {
    private let state = Mutex(QueueConcurrency())
    private let isOn: Bool
    private let registry: AttemptRegistry
    private let metrics: SupervisorMetrics
    private let logger: Logger

    init(isOn: Bool, registry: AttemptRegistry, metrics: SupervisorMetrics, logger: Logger) {
        self.isOn = isOn
        self.registry = registry
        self.metrics = metrics
        self.logger = logger
    }

    /// How many more tasks may be taken of the queues that are limited.
    var room: [String: Int] {
        let limits = isOn ? state.withLock { $0.current } : [:]
        guard !limits.isEmpty else { return [:] }
        let running = running
        return limits.reduce(into: [:]) { $0[$1.key] = max(0, $1.value - (running[$1.key] ?? 0)) }
    }

    /// Notes how an attempt ended that is still in the registry, in a pool of so many workers.
    func ended(_ attempt: RunningAttempt, isHealthy: Bool?, workers: Int) {
        guard isOn, let isHealthy else { return }
        let queue = attempt.claim.task.spec.queue
        let running = running[queue] ?? 1
        let cut = state.withLock { state in
            state.ended(
                queue, isHealthy: isHealthy, begun: attempt.claimedAt, running: running, workers: workers, at: .now)
        }
        guard let cut else { return }
        metrics.concurrencyCut()
        logger.warning(
            "fewer tasks of a queue run at once, after an end that was not its task's fault",
            metadata: ["queue": "\(queue)", "tasks.most": "\(cut)"])
    }

    private var running: [String: Int] {
        registry.all.reduce(into: [:]) { $0[$1.claim.task.spec.queue, default: 0] += 1 }
    }
}
