internal import Foundation
internal import Logging
internal import Settings
internal import TaskModel
internal import WorkerPool

/// Removes kept scratch by age and total size, at the start and from time to time.
struct ScratchSweeper: Sendable {
    let shelf: ScratchShelf
    let settings: ScratchSettings
    let metrics: SupervisorMetrics
    let logger: Logger

    /// Sweeps until the task is cancelled.
    func run() async {
        await sweep()
        for await _ in Beats(every: settings.sweepInterval) { await sweep() }
    }

    private func sweep() async {
        do throws(WorkerError) {
            let removed = try await HostFiles.scratch.run("the kept scratch", atMost: .seconds(3600)) {
                let entries = shelf.entries()
                let surplus = ScratchSweep.surplus(
                    entries, now: Date(), maxAge: settings.maxAge, maxBytes: Int64(settings.maxTotal))
                for entry in surplus { shelf.remove(entry) }
                let total = entries.reduce(0) { $0 + $1.bytes }
                return (surplus, left: total - surplus.reduce(0) { $0 + $1.bytes })
            }
            metrics.scratchKept(bytes: removed.left)
            for entry in removed.0 {
                logger.info(
                    "removed kept scratch",
                    metadata: ["scratch": "\(shelf.root)/\(entry.name)", "scratch.bytes": "\(entry.bytes)"])
            }
        } catch {
            logger.warning("could not sweep the kept scratch", metadata: ["error.message": "\(error)"])
        }
    }
}
