package import ContainerEngine
package import Foundation
package import TaskModel
internal import WorkerPool

extension Supervisor {
    /// What a worker's container has written so far, as the engine keeps it: the last `tail` lines or all there is, from
    /// `since` on. `nil` when there is no such worker or it is no container. For looking at a worker, not for a task's
    /// record.
    package func output(
        of worker: WorkerID, tail: Int?, since: Date?
    ) async throws(EngineError) -> [LogFrame]? {
        guard let running = current, let engine = running.engine,
            let container = running.pool.workers.first(where: { $0.id == worker })?.containerID
        else { return nil }
        return try await engine.logs(container, tail: tail, since: since)
    }
}
