internal import AsyncAlgorithms
internal import Foundation
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Keeps the pool as large as its queues need it.
final class AutoscaleLoop: Sendable {
    private let store: any TaskStore
    private let pool: WorkerPool
    private let registry: AttemptRegistry
    private let queues: Set<String>
    /// Whether its workers are containers; tasks that demand one are not its own otherwise.
    private let offersContainers: Bool
    private let rules: AutoscaleSettings
    private let metrics: SupervisorMetrics
    private let logger: Logger
    /// How many tasks may be claimed now; more workers would be of no use.
    private let room: @Sendable () -> Int
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// Time between two looks for tasks that nobody announced.
    private static let interval = Duration.seconds(1)

    init(
        store: any TaskStore, pool: WorkerPool, registry: AttemptRegistry, queues: [String],
        offersContainers: Bool, rules: AutoscaleSettings, metrics: SupervisorMetrics, logger: Logger,
        room: @escaping @Sendable () -> Int = { .max }
    ) {
        self.store = store
        self.pool = pool
        self.registry = registry
        self.queues = Set(queues)
        self.offersContainers = offersContainers
        self.rules = rules
        self.metrics = metrics
        self.logger = logger
        self.room = room
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Looks now: somebody submitted a task.
    func wake() { waker.yield() }

    /// Scales until another pool takes this one's place or the task is cancelled; returns at once when the pool has a fixed
    /// size.
    func run(until hasSuccessor: OneShot<Void>) async {
        guard rules.isOn else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.scale() }
            _ = await hasSuccessor.wait()
            group.cancelAll()
        }
    }

    private func scale() async {
        var scaler = Autoscaler(rules: rules)
        let timer = Beats(every: Self.interval).map { _ in }
        for await _ in merge(wakes, timer) {
            do {
                // In this order: a task that is claimed meanwhile is better missed for once than counted twice.
                let busy = registry.count
                let waiting = try await tasksWaiting()
                let (before, after) = (pool.target, scaler.target(waiting: waiting, busy: busy, at: .now))
                guard before != after else { continue }
                pool.scale(to: after)
                metrics.scaled(up: after > before)
                logger.info(
                    "pool scaled",
                    metadata: [
                        "workers.before": "\(before)", "workers": "\(after)", "tasks.waiting": "\(waiting)",
                        "tasks.running": "\(busy)",
                    ])
            } catch {
                metrics.storeFailed()
                logger.warning("could not see what the queues need", metadata: ["error.message": "\(error)"])
            }
        }
    }

    private func tasksWaiting() async throws(StoreError) -> Int {
        let most = room()
        if most == 0 { return 0 }
        let demand = QueueDemand(
            counts: try await store.counts(), controls: try await store.queueControls(), served: queues)
        guard demand.isOpen else { return 0 }
        // A delayed task becomes an enqueued one only when somebody claims.
        let isOneDue = try await store.untilDue(queues: demand.queues) == .zero
        let ours = offersContainers ? nil : try await store.processDemand(queues: demand.worthALook, upTo: most)
        return min(most, demand.claimable(of: ours) + (isOneDue ? 1 : 0))
    }
}
