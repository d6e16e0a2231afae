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

    /// Renews until the task is cancelled, and ends attempts that may not go on, also while the store keeps a renewal waiting.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.watchTerms() }
            await renewRegularly()
            group.cancelAll()
        }
    }

    private func watchTerms() async {
        let step = min(.seconds(1), max(.milliseconds(20), settings.heartbeat / 4))
        for await _ in Beats(every: step) {
            let now = ContinuousClock.now
            // What has ended only waits for the store.
            for attempt in registry.all where attempt.stage != .concluding {
                switch attempt.term.step(at: now, lease: settings.lease) {
                case .goOn: break
                case .giveUp:
                    guard attempt.loseLease() else { continue }
                    logger.warning(
                        "a lease ran out without being renewed; its attempt is stopped",
                        metadata: ["task.id": "\(attempt.claim.task.id)"])
                case .end: end(attempt)
                }
            }
        }
    }

    private func end(_ attempt: RunningAttempt) {
        guard attempt.stopIntent.set(.leaseEnded) else { return }
        logger.warning(
            "an attempt held its lease for as long as queue.maxLease allows; it is stopped",
            metadata: ["task.id": "\(attempt.claim.task.id)"])
        attempt.tell(.event(.stopRequested, "stopping it: queue.maxLease is over"))
    }

    private func renewRegularly() async {
        let timer = Beats(every: settings.heartbeat).map { _ in }
        var watch = LeaseWatch(lease: settings.lease, heartbeat: settings.heartbeat, now: .now)
        var health = HeartbeatHealth()
        for await _ in merge(checks, timer) {
            // Leases last from before the store was asked, not from when it answered.
            let asked = ContinuousClock.now
            do {
                try await renew(askedAt: asked)
                watch.succeeded(at: asked)
                try await store.save(supervisor())
                metrics.heartbeatSucceeded()
                if let failures = health.succeeded() {
                    logger.info("heartbeats work again", metadata: ["heartbeats.failed": "\(failures)"])
                }
            } catch {
                metrics.heartbeatFailed()
                if health.failed() {
                    logger.warning(
                        "heartbeats fail: leases can't be renewed",
                        metadata: [
                            "heartbeats.failed": "\(health.failures)", "attempts": "\(registry.count)",
                            "error.message": "\(error)",
                        ])
                }
                if case .tryAgain(let pause) = watch.failed(at: .now) {
                    try? await Task.sleep(for: pause)
                    check()
                }
            }
        }
    }

    private func renew(askedAt asked: ContinuousClock.Instant) async throws(StoreError) {
        let attempts = registry.all
        guard !attempts.isEmpty else { return }
        for status in try await store.renew(attempts.map(\.claim.lease), for: settings.lease) {
            guard let attempt = registry.attempt(under: status.lease) else { continue }
            // What has ended only waits for the store.
            guard attempt.stage != .concluding else { continue }
            guard status.isHeld else {
                // The store may be a moment ahead of the look at the terms.
                if attempt.term.step(at: .now, lease: settings.lease) == .end {
                    end(attempt)
                } else {
                    attempt.loseLease()
                }
                continue
            }
            attempt.renewed(at: asked)
            if status.cancelRequested, attempt.stopIntent.set(.cancel("on request")) {
                // Written by the attempt itself: no other renewal waits for a line on its timeline.
                attempt.tell(.event(.stopRequested, "stopping it: cancelled on request"))
            }
        }
    }
}
