internal import ContainerEngine
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Local workers that stand in while the engine is away, for tasks that accept them. It has a pool and a dispatcher of its
/// own, so that the containers' pool needs to know nothing of it; between two outages it holds no process.
struct StandIn: Sendable {
    let pool: WorkerPool
    let dispatcher: Dispatcher
    let stats: StatsPoller

    /// Takes no further task; its idle processes end now, the others with their tasks.
    func standDown() {
        for worker in pool.workers { _ = pool.stop(worker: worker.id, force: false) }
    }
}

extension Supervisor {
    /// How long an attempt waits for a container while the engine is away: no longer than it takes for a process to stand
    /// in, where that is allowed.
    var engineLimit: Duration {
        let outage = settings.workers.docker.outage
        return settings.workers.fallbackInForce ? min(outage.keepLeases, outage.fallbackAfter) : outage.keepLeases
    }

    /// The watch over the engine of this pool's containers.
    func watch(over engine: EngineClient, _ context: WorkerContext) -> EngineWatch {
        let outage = settings.workers.docker.outage
        return EngineWatch(
            engine: engine,
            labels: [
                ContainerBlueprint.Label.pool: context.pool,
                ContainerBlueprint.Label.installation: context.installation,
            ],
            interval: outage.checkInterval,
            fallbackAfter: settings.workers.fallbackInForce ? outage.fallbackAfter : nil,
            logger: logger)
    }

    /// The local workers that stand in for `containers` while `watch` finds the engine away.
    func standIn(
        _ context: WorkerContext, _ watch: EngineWatch, beside containers: WorkerPool, hasLimits: Bool
    ) -> StandIn {
        let workers = settings.workers
        let pool = WorkerPool(
            slots: workers.count, warmProfile: nil, rules: workers.docker.restart, recycle: workers.recycle,
            factory: ProcessWorkerFactory(context: context, settings: workers),
            observer: PoolLog(logger: logger, metrics: metrics, timelines: timelines))
        var planner = AttemptPlanner(
            settings: settings, secrets: SecretSources(settings.secrets),
            mounts: MountPolicy(settings: settings, engineSocket: nil),
            outputs: OutputPolicy(settings: settings, outputsDirectory: layout.outputs), mode: .local,
            limitsLocalWorkers: hasLimits)
        planner.isStandIn = true
        let dispatcher = dispatcher(
            pool: pool, planner: planner, offersContainers: false,
            room: { [registry] in
                guard watch.trouble?.hasFallenBack == true else { return 0 }
                // An engine that only lacks space leaves the containers there are, and they come first.
                let better = watch.isAway ? 0 : containers.freeSlots
                return max(0, workers.count - registry.count - better)
            })
        let registry = registry
        let stats = StatsPoller(
            pool: pool, interval: workers.statsInterval, warnAt: workers.highUsageWarning, logger: logger, engine: nil,
            alerted: { [timelines] in
                registry.tell($0)
                timelines.note($0)
            },
            measured: { registry.note($0) })
        return StandIn(pool: pool, dispatcher: dispatcher, stats: stats)
    }

    /// Watches the engine until the task is cancelled.
    func watchEngine(_ running: Running) async {
        guard let watch = running.watch else { return }
        await watch.run(
            EngineWatch.Reactions(
                away: {
                    running.pool.engine(answers: false)
                    self.tellThatNothingStandsIn()
                },
                fallBack: {
                    running.standIn?.dispatcher.wake()
                    self.warnOfOpenEgress()
                },
                inspect: { await running.pool.inspectAll() },
                back: {
                    running.pool.engine(answers: true)
                    running.standIn?.standDown()
                    running.dispatcher.wake()
                }))
    }
}
