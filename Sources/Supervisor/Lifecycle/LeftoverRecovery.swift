internal import ContainerEngine
internal import Foundation
internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Cleans up after supervisors of this pool that ended without doing so. Runs once at the start, when the pool's lock
/// proves that none of them lives.
struct LeftoverRecovery: Sendable {
    let store: any TaskStore
    let context: WorkerContext
    let layout: StateLayout
    let engine: EngineClient?
    let metrics: SupervisorMetrics
    let maxDeliveries: Int

    /// Removes containers, processes, directories and rows, then gives the tasks back. Trouble is logged: what could not
    /// be removed now is found again at the next start.
    func run() async {
        if let engine { await ContainerReaper(engine: engine, context: context).reap() }
        do {
            for worker in try await store.workers(host: context.host) where worker.pool == context.pool {
                if worker.mode == .local {
                    let killed = LeftoverProcesses.kill(worker: worker.id.rawValue)
                    log("removed a local worker that an earlier supervisor left", worker.id, killed: killed)
                } else if engine == nil {
                    // Its container may still be there: keep the row for a start that has an engine.
                    continue
                }
                try await store.remove(worker: worker.id)
            }
        } catch {
            context.logger.warning("could not clean up workers", metadata: ["error.message": "\(error)"])
        }
        removeDirectories()
        await releaseLeases()
    }

    private func removeDirectories() {
        let root = "\(layout.runtimeDirectory)/w"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
            WorkerDirectory(
                runtimeDirectory: layout.runtimeDirectory, stateDirectory: layout.stateDirectory,
                worker: WorkerID(rawValue: name)
            ).remove()
        }
    }

    private func releaseLeases() async {
        do {
            let dead = try await store.supervisors().filter {
                $0.host == context.host && $0.pool == context.pool && $0.id != context.supervisor
            }
            guard !dead.isEmpty else { return }
            let tasks = try await store.release(leasesOf: dead.map(\.id), maxDeliveries: maxDeliveries)
            for supervisor in dead { try await store.remove(supervisor: supervisor.id) }
            metrics.recoveredAtStart(tasks.count)
            context.logger.warning(
                "an earlier supervisor of this pool ended without cleaning up",
                metadata: [
                    "supervisors": "\(dead.map { "\($0.id) (pid \($0.pid))" }.joined(separator: ", "))",
                    "tasks.requeued": "\(tasks.count)",
                ])
        } catch {
            context.logger.warning("could not release old leases", metadata: ["error.message": "\(error)"])
        }
    }

    private func log(_ message: Logger.Message, _ worker: WorkerID, killed: Int) {
        context.logger.info(message, metadata: ["worker.id": "\(worker)", "processes.killed": "\(killed)"])
    }
}
