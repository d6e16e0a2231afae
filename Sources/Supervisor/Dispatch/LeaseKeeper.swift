internal import AsyncAlgorithms
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Keeps the leases of running attempts, in one statement for all, and passes on what the store says about them.
final class LeaseKeeper: Sendable {
    private let store: any TaskStore
    private let registry: AttemptRegistry
    private let supervisor: @Sendable () -> SupervisorRecord
    private let settings: QueueSettings
    private let metrics: SupervisorMetrics
    private let logger: Logger
    private let checks: AsyncStream<Void>
    private let checker: AsyncStream<Void>.Continuation

    /// Failures in a row that are worth a warning.
    private static let toleratedFailures = 3

    init(
        store: any TaskStore, registry: AttemptRegistry, supervisor: @escaping @Sendable () -> SupervisorRecord,
        settings: QueueSettings, metrics: SupervisorMetrics, logger: Logger
    ) {
        self.store = store
        self.registry = registry
        self.supervisor = supervisor
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        (checks, checker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks the store now, for example because somebody cancelled a task.
    func check() { checker.yield() }

    /// Renews until the task is cancelled.
    func run() async {
        let timer = AsyncTimerSequence(interval: settings.heartbeat, clock: .continuous).map { _ in }
        var watch = LeaseWatch(lease: settings.lease, heartbeat: settings.heartbeat, now: .now)
        for await _ in merge(checks, timer) {
            // Leases last from before the store was asked, not from when it answered.
            let asked = ContinuousClock.now
            do {
                try await renew()
                watch.succeeded(at: asked)
                await announce()
            } catch {
                let next = watch.failed(at: .now)
                metrics.heartbeatFailed()
                if watch.failures > Self.toleratedFailures {
                    logger.warning(
                        "leases could not be renewed",
                        metadata: ["attempts.failed": "\(watch.failures)", "error.message": "\(error)"])
                }
                switch next {
                case .wait: break
                case .tryAgain(let pause):
                    try? await Task.sleep(for: pause)
                    check()
                case .giveUp:
                    for attempt in registry.all { attempt.stopIntent.set(.leaseLost) }
                }
            }
        }
    }

    private func renew() async throws(StoreError) {
        let attempts = registry.all
        guard !attempts.isEmpty else { return }
        let statuses = try await store.renew(attempts.map(\.claim.lease), for: settings.lease)
        metrics.heartbeatSucceeded()
        for status in statuses {
            guard let attempt = registry.attempt(under: status.lease) else { continue }
            if !status.isHeld {
                attempt.stopIntent.set(.leaseLost)
            } else if status.cancelRequested, attempt.stopIntent.set(.cancel("on request")) {
                await noteStop(of: status.lease)
            }
        }
    }

    /// The timeline loses a line when this fails; the other leases of the round must not suffer for it.
    private func noteStop(of lease: Lease) async {
        do {
            try await store.record(
                .stopRequested, message: "stopping it: cancelled on request", progress: nil, lease: lease)
        } catch {
            logger.warning(
                "could not write to a task's timeline",
                metadata: ["task.id": "\(lease.taskID)", "error.message": "\(error)"])
        }
    }

    /// Shows that this supervisor lives. Only for people and for its successor, so that leases come first.
    private func announce() async {
        do {
            try await store.save(supervisor())
        } catch {
            metrics.heartbeatFailed()
            logger.warning("could not record that this supervisor lives", metadata: ["error.message": "\(error)"])
        }
    }
}
