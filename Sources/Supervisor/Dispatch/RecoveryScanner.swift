internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

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
        var told: Set<Seen> = []
        for await _ in Beats(every: settings.sweepInterval) {
            await expire()
            switch settings.recovery {
            case .off: break
            case .observe: await observe(&told)
            case .enforce: await recover()
            }
        }
    }

    private func recover() async {
        do {
            let tasks = try await store.recoverExpired(maxDeliveries: settings.maxDeliveries, sparing: held())
            guard !tasks.isEmpty else { return }
            metrics.recovered(tasks.map(\.fate))
            logger.warning(
                "recovered tasks whose lease had run out",
                metadata: ["tasks": "\(tasks.map(\.task.rawValue).joined(separator: " "))"])
            recovered()
        } catch {
            failed(error)
        }
    }

    /// An attempt of which it was told what would become of it.
    private struct Seen: Hashable {
        let task: TaskID
        let attempt: Int
    }

    /// Tells once of each attempt what would be done, and does nothing.
    private func observe(_ told: inout Set<Seen>) async {
        do {
            let stale = try await store.stale(maxDeliveries: settings.maxDeliveries, sparing: held())
            let fresh = stale.filter { !told.contains(Seen(task: $0.task, attempt: $0.attempt)) }
            told = Set(stale.map { Seen(task: $0.task, attempt: $0.attempt) })
            metrics.observed(fresh.map(\.fate))
            for task in fresh {
                logger.warning(
                    "would recover a task whose lease has run out, but queue.recovery is observe",
                    metadata: [
                        "task.id": "\(task.task)", "task.attempt": "\(task.attempt)", "host": "\(task.host)",
                        "reason": "\(task.fate.rawValue)",
                    ])
            }
        } catch {
            failed(error)
        }
    }

    private func failed(_ error: StoreError) {
        metrics.storeFailed()
        logger.warning("could not look for stale attempts", metadata: ["error.message": "\(error)"])
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
