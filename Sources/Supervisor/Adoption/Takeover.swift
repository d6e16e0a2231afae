internal import ContainerEngine
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

extension Supervisor {
    /// What earlier supervisors of the pool left, and what is to be taken over of it.
    struct Takeover: Sendable {
        /// Workers to be taken over if their agents answer.
        var adopted: [AdoptedWorker] = []
        /// Supervisors of the pool that have ended, as the pool's lock proves.
        var ended: [SupervisorID] = []
        /// Removes the rest.
        let recovery: LeftoverRecovery
    }

    /// Finds the workers that can be taken over and removes everything else that earlier supervisors left.
    /// Those in `own` are of this supervisor.
    func surveyTakeover(
        _ backend: Backend, _ context: WorkerContext, _ containers: Containers?, sparing own: Set<WorkerID> = []
    ) async -> Takeover {
        var takeover = Takeover(recovery: recovery(backend.engine, context))
        // A one-off pool runs one task of its own and nobody else's.
        if let engine = backend.engine, let containers, !options.exitsWhenIdle {
            takeover.adopted = await AdoptionSurvey(
                store: store, engine: engine, context: context, predecessors: predecessors(context),
                settings: settings.workers, warm: warmProfile(backend), factory: containers.factory
            ).run()
        }
        do {
            takeover.ended = try await predecessors(context).ended(in: store).map(\.id)
        } catch {
            // Without them no task can be taken over, so that no worker is worth it.
            logger.warning("could not look for earlier supervisors", metadata: ["error.message": "\(error)"])
            takeover.adopted = []
        }
        let adopted = Set(takeover.adopted.map(\.worker.id))
        await takeover.recovery.run(sparing: adopted.union(own), keepsLeases: !adopted.isEmpty)
        return takeover
    }

    /// What cleans up after earlier supervisors.
    func recovery(_ engine: EngineClient?, _ context: WorkerContext) -> LeftoverRecovery {
        LeftoverRecovery(
            store: store, context: context, predecessors: predecessors(context), layout: layout, engine: engine,
            metrics: metrics, maxDeliveries: settings.queue.maxDeliveries)
    }

    /// Gives back what could not be taken over. What the workers in `refused` have in hand may still run.
    func finish(
        _ takeover: Takeover, _ pool: WorkerPool, _ dispatcher: Dispatcher, refused: Set<WorkerID>
    ) async {
        // An adoption whose answer never came may have made an attempt ours.
        strays.claimFailed()
        await takeover.recovery.releaseLeases(taken: Set(pool.workers.map(\.id)).subtracting(refused))
        dispatcher.wake()
    }
}
