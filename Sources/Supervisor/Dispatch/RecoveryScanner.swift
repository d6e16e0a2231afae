internal import AsyncAlgorithms
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore

/// Gives tasks of supervisors that stopped renewing back to the queue. Only re-enqueues; never runs anything itself.
struct RecoveryScanner: Sendable {
    let store: any TaskStore
    let settings: QueueSettings
    let metrics: SupervisorMetrics
    let logger: Logger
    /// The leases that this supervisor still works under.
    let held: @Sendable () -> [Lease]
    let recovered: @Sendable () -> Void

    /// Scans until the task is cancelled.
    func run() async {
        for await _ in AsyncTimerSequence(interval: settings.sweepInterval, clock: .continuous) {
            await expire()
            do {
                let tasks = try await store.recoverExpired(maxDeliveries: settings.maxDeliveries, sparing: held())
                guard !tasks.isEmpty else { continue }
                metrics.recovered(tasks.count)
                logger.warning(
                    "recovered tasks whose lease had run out",
                    metadata: ["tasks": "\(tasks.map(\.rawValue).joined(separator: " "))"])
                recovered()
            } catch {
                metrics.storeFailed()
                logger.warning("could not look for stale attempts", metadata: ["error.message": "\(error)"])
            }
        }
    }

    /// Ends tasks that nobody began in time.
    private func expire() async {
        do {
            let tasks = try await store.expire()
            guard !tasks.isEmpty else { return }
            metrics.expired(tasks.count)
            logger.info(
                "tasks expired before anybody began them",
                metadata: ["tasks": "\(tasks.map(\.rawValue).joined(separator: " "))"])
        } catch {
            metrics.storeFailed()
            logger.warning("could not look for tasks that expired", metadata: ["error.message": "\(error)"])
        }
    }
}
