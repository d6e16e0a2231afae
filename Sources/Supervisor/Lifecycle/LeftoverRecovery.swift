internal import ContainerEngine
internal import Foundation
internal import Logging
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Cleans up after supervisors of this pool that ended without doing so. Runs at the start, when the pool's lock proves that
/// none of them lives under this kernel.
struct LeftoverRecovery: Sendable {
    let store: any TaskStore
    let context: WorkerContext
    let predecessors: Predecessors
    let layout: StateLayout
    let engine: EngineClient?
    let metrics: SupervisorMetrics
    let maxDeliveries: Int

    /// Removes containers, processes, directories and rows, then gives the tasks back. Trouble is logged: what could not
    /// be removed now is found again at the next start. Tasks whose container may still run keep their leases until these
    /// run out, by when their agents have given up. What belongs to a worker in `spared` stays. With `keepsLeases` so do
    /// the leases, until it is known which can be taken over: see `releaseLeases`.
    func run(sparing spared: Set<WorkerID> = [], keepsLeases: Bool = false) async {
        if let engine { await ContainerReaper(engine: engine, context: context).reap(sparing: spared) }
        var left: Leftovers
        do {
            let workers = try await predecessors.workers(in: store)
            left = Leftovers(workers: workers, containers: await survivors())
            for worker in workers where !spared.contains(worker.id) {
                if worker.mode == .local {
                    let name = worker.id.rawValue
                    let (killed, rest) = await FileThread.leftovers(of: name).run {
                        (LeftoverProcesses.kill(worker: name), LeftoverProcesses.pids(worker: name))
                    }
                    log("removed a local worker that an earlier supervisor left", worker.id, killed: killed)
                    if !rest.isEmpty { left.processes.insert(worker.id) }
                }
                // Its container may still be there: keep the row for a start that can remove it.
                if left.isGone(worker) { try await store.remove(worker: worker.id) }
            }
        } catch {
            context.logger.warning("could not clean up workers", metadata: ["error.message": "\(error)"])
            return
        }
        await removeDirectories(left, sparing: spared)
        if !keepsLeases { await releaseLeases(left) }
    }

    /// Gives the tasks back that earlier supervisors still hold, after everything that could be taken over was, by the
    /// workers in `taken`.
    func releaseLeases(taken: Set<WorkerID>) async {
        do {
            let workers = try await predecessors.workers(in: store)
            let containers = await survivors()?.filter { !taken.contains(WorkerID(rawValue: $0.worker)) }
            await releaseLeases(Leftovers(workers: workers, containers: containers))
        } catch {
            context.logger.warning("could not release old leases", metadata: ["error.message": "\(error)"])
        }
    }

    /// As `releaseLeases`, for supervisors of which nobody could tell at the start whether they live. Returns whether there
    /// may be some left.
    func releaseHeldBack(taken: Set<WorkerID>) async -> Bool {
        do {
            let all = try await store.supervisors()
            if !predecessors.ended(of: all).isEmpty { await releaseLeases(taken: taken) }
            return !predecessors.unknown(of: all).isEmpty
        } catch {
            context.logger.warning("could not look for earlier supervisors", metadata: ["error.message": "\(error)"])
            return true
        }
    }

    /// The containers that run although they should be gone; `nil` when there is no engine or it does not say.
    private func survivors() async -> [(worker: String, supervisor: String)]? {
        guard let engine else { return nil }
        do {
            return try await engine.listContainers(
                labels: [
                    ContainerBlueprint.Label.worker: "true", ContainerBlueprint.Label.pool: context.pool,
                    ContainerBlueprint.Label.installation: context.installation,
                ], all: true
            ).filter(\.status.isAlive).map { container in
                (
                    worker: container.labels[ContainerBlueprint.Label.workerID] ?? "",
                    supervisor: container.labels[ContainerBlueprint.Label.supervisor] ?? ""
                )
            }
        } catch {
            context.logger.warning("could not look for old containers", metadata: ["error.message": "\(error)"])
            return nil
        }
    }

    private func removeDirectories(_ left: Leftovers, sparing spared: Set<WorkerID>) async {
        let roots = [layout.workerDirectories] + (context.secretsDirectory.map { [$0] } ?? [])
        let names = await FileThread.shared.run {
            Set(roots.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] })
        }
        for name in names
        where !left.isInUse(directory: name) && !spared.contains(WorkerID(rawValue: name)) {
            await WorkerDirectory(context, worker: WorkerID(rawValue: name)).removeAside()
        }
    }

    private func releaseLeases(_ left: Leftovers) async {
        do {
            let dead = try await predecessors.ended(in: store).filter { left.isGone($0.id) }
            guard !dead.isEmpty else { return }
            let tasks = try await store.release(leasesOf: dead.map(\.id), maxDeliveries: maxDeliveries)
            for supervisor in dead { try await store.remove(supervisor: supervisor.id) }
            metrics.recoveredAtStart(tasks.map(\.fate))
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
