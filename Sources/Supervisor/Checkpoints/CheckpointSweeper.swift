internal import Foundation
internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Removes artifacts of tasks that have ended elsewhere, or whose end could not be cleaned up after.
struct CheckpointSweeper: Sendable {
    let shelf: CheckpointShelf
    let store: any TaskStore
    let interval: Duration
    let logger: Logger

    /// Sweeps until the task is cancelled.
    func run() async {
        await sweep()
        for await _ in Beats(every: interval) { await sweep() }
    }

    private func sweep() async {
        let found = try? await HostFiles.scratch.run("the artifacts of checkpoints", atMost: .seconds(60)) {
            shelf.tasks
        }
        var gone: [TaskID] = []
        for id in found ?? [] {
            // Without an answer of the store nothing goes. One it does not know may be of another store that shares the
            // directory: retention sees to those that are this store's.
            guard let state = (try? await store.task(id))?.state else { continue }
            if state == .complete || state == .resolvedManually { gone.append(id) }
        }
        guard !gone.isEmpty else { return }
        logger.info("removed artifacts of checkpoints of tasks that have ended", metadata: ["tasks": "\(gone.count)"])
        _ = try? await HostFiles.scratch.run("the artifacts of checkpoints", atMost: .seconds(3600)) { [gone] in
            for id in gone { shelf.forget(id) }
        }
    }
}
