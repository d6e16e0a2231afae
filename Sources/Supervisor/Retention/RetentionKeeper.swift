internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Forgets tasks that ended long ago, from time to time.
struct RetentionKeeper: Sendable {
    let store: any TaskStore
    let layout: StateLayout
    let settings: RetentionSettings
    /// Where the artifacts of checkpoints are.
    let shelf: CheckpointShelf
    /// Whether it also forgets tasks, which one supervisor does for all; what is on this host everybody removes for itself.
    let forgetsTasks: Bool
    let metrics: SupervisorMetrics
    let logger: Logger

    /// Looks until the task is cancelled: soon after the start, because not every supervisor lives long, but not while it is
    /// busy with starting.
    func run() async {
        guard (try? await Task.sleep(for: min(settings.interval, .seconds(60)))) != nil else { return }
        await look()
        for await _ in Beats(every: settings.interval) { await look() }
    }

    /// Notes which store this state directory is used with; before the first task writes a log.
    func begin() async {
        let pass = RetentionPass(store: store, files: files)
        do { _ = try await pass.orphanAge(settings, layout) } catch { complain(error) }
    }

    private var files: TaskFiles { TaskFiles(layout: layout, keepsOutputs: settings.keepOutputs, shelf: shelf) }

    private func look() async {
        let pass = RetentionPass(store: store, files: files)
        var report = RetentionPass.Report()
        do {
            if forgetsTasks {
                let rules = RetentionRules.rules(settings, counts: try await store.counts())
                try await pass.prune(rules, &report)
            }
            if let age = try await pass.orphanAge(settings, layout) { try await pass.sweep(olderThan: age, &report) }
            if forgetsTasks, let age = settings.audit { while try await store.pruneAudit(olderThan: age) > 0 {} }
            if forgetsTasks { tell(try await RegistryPass(store: store).run()) }
        } catch {
            complain(error)
        }
        metrics.pruned(report)
        guard !report.isEmpty else { return }
        logger.info(
            "forgot tasks that ended long ago",
            metadata: [
                "tasks": "\(report.tasks.values.reduce(0, +))",
                "directories": "\(report.directories.values.reduce(0, +))",
            ])
    }

    private func tell(_ forgotten: [SupervisorID]) {
        guard !forgotten.isEmpty else { return }
        logger.info(
            "forgot supervisors that have been silent for days",
            metadata: ["supervisors": "\(forgotten.map(\.rawValue).joined(separator: " "))"])
    }

    private func complain(_ error: any Error) {
        if Task.isCancelled { return }
        metrics.storeFailed()
        logger.warning("could not forget old tasks", metadata: ["error.message": "\(error)"])
    }
}

extension Supervisor {
    /// What forgets tasks that ended long ago.
    var retention: RetentionKeeper {
        RetentionKeeper(
            store: store, layout: layout, settings: settings.retention,
            shelf: CheckpointShelf(settings: settings, layout: layout), forgetsTasks: duties.orchestrates,
            metrics: metrics, logger: logger)
    }
}
