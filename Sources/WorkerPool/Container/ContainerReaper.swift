package import ContainerEngine
internal import Logging
internal import TaskModel

/// Removes containers of this pool that no living supervisor owns. May only run while the pool's lock is held.
package struct ContainerReaper: Sendable {
    private let engine: EngineClient
    private let context: WorkerContext

    /// Makes a reaper for a pool.
    package init(engine: EngineClient, context: WorkerContext) {
        self.engine = engine
        self.context = context
    }

    /// Removes what earlier supervisors left, in whatever state it is. Containers that were made to be kept are only
    /// stopped. Trouble is logged; the rest goes on.
    package func reap() async {
        let leftovers: [ContainerSummary]
        do {
            leftovers = try await engine.listContainers(
                labels: [
                    ContainerBlueprint.Label.worker: "true", ContainerBlueprint.Label.pool: context.pool,
                    ContainerBlueprint.Label.installation: context.installation,
                ], all: true
            ).filter { $0.labels[ContainerBlueprint.Label.supervisor] != context.supervisor.rawValue }
        } catch {
            context.logger.warning("could not look for old containers", metadata: ["error.message": "\(error)"])
            return
        }
        await withDiscardingTaskGroup { group in
            for container in leftovers { group.addTask { await remove(container) } }
        }
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
