package import ContainerEngine
internal import Logging
package import TaskModel

/// Removes containers of this pool that no living supervisor owns. May only run while the pool's lock is held.
package struct ContainerReaper: Sendable {
    private let engine: EngineClient
    private let context: WorkerContext
    /// More removals at once are not faster on any engine.
    private static let width = 16

    /// Makes a reaper for a pool.
    package init(engine: EngineClient, context: WorkerContext) {
        self.engine = engine
        self.context = context
    }

    /// Removes what earlier supervisors left, in whatever state it is. Containers that were made to be kept are only
    /// stopped, those of workers in `spared` stay as they are. Trouble is logged; the rest goes on.
    package func reap(sparing spared: Set<WorkerID> = []) async {
        let leftovers: [ContainerSummary]
        do {
            leftovers = try await engine.listContainers(
                labels: [
                    ContainerBlueprint.Label.worker: "true", ContainerBlueprint.Label.pool: context.pool,
                    ContainerBlueprint.Label.installation: context.installation,
                ], all: true
            ).filter { container in
                let worker = container.labels[ContainerBlueprint.Label.workerID].map(WorkerID.init(rawValue:))
                return container.labels[ContainerBlueprint.Label.supervisor] != context.supervisor.rawValue
                    && !(worker.map(spared.contains) ?? false)
            }
        } catch {
            context.logger.warning("could not look for old containers", metadata: ["error.message": "\(error)"])
            return
        }
        _ = await BoundedWork.map(leftovers, width: Self.width) { await remove($0) }
    }

    private func remove(_ container: ContainerSummary) async {
        let isKept = container.labels[ContainerBlueprint.Label.keep] == "true"
        if isKept, !container.status.isAlive { return }
        var metadata: Logger.Metadata = [
            "container.id": "\(container.id.prefix(12))", "container.name": "\(container.name)",
            "container.status": "\(container.status.rawValue)",
        ]
        do {
            if isKept {
                try await engine.endContainer(container.id)
            } else {
                try await engine.removeContainer(container.id)
            }
            context.logger.info("removed a container that an earlier supervisor left", metadata: metadata)
        } catch {
            metadata["error.message"] = "\(error)"
            context.logger.warning("could not remove an old container", metadata: metadata)
        }
    }
}
