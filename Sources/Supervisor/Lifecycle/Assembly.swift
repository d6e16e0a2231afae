internal import ContainerEngine
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

extension Supervisor {
    private func secretsPlace(installation: String) -> SecretsPlace {
        SecretsPlace.choose(
            runtimeDirectory: layout.runtimeDirectory, installation: installation, pool: settings.workers.pool)
    }

    /// Says once, at the start, that secrets will reach a disk.
    func warnOfSecretsOnDisk(installation: String) {
        guard !settings.secrets.isEmpty, case .disk(let reason) = secretsPlace(installation: installation) else {
            return
        }
        logger.warning(
            "secrets of tasks are kept on a disk",
            metadata: [
                "reason": "\(reason)", "hint": "choose a directory on a tmpfs with state.runtimeDir",
            ])
    }

    func workerContext(installation: String) -> WorkerContext {
        var context = WorkerContext(
            pool: settings.workers.pool, supervisor: id, installation: installation, version: options.version,
            host: host, agentExecutable: options.agentExecutable, runtimeDirectory: layout.runtimeDirectory,
            stateDirectory: layout.stateDirectory, startTimeout: settings.workers.startTimeout,
            stopTimeout: settings.workers.stopTimeout,
            orphanTimeout: Self.orphanTimeout(settings.queue),
            journal: StoreJournal(store: store, logger: logger),
            logger: logger)
        context.outageLimit = settings.workers.docker.outage.keepLeases
        context.health = settings.workers.health
        context.secretsDirectory = secretsPlace(installation: installation).directory
        return context
    }

    /// Tells whose rows of the store may be cleaned up.
    func predecessors(_ context: WorkerContext) -> Predecessors {
        Predecessors(context, silence: store.connections == nil ? nil : settings.queue.lease)
    }

    /// How long an agent may go on alone: what is left of a lease that was renewed just before its supervisor died would
    /// have come to renew it again, less the time that killing a command takes.
    static func orphanTimeout(_ queue: QueueSettings) -> Duration {
        max(.seconds(1), queue.lease - queue.heartbeat - min(.seconds(2), queue.lease / 10))
    }

    /// What the pool's own workers are made like.
    func warmProfile(_ backend: Backend) -> WorkerProfile {
        guard backend.mode == .docker else { return .local }
        let docker = settings.workers.docker
        return WorkerProfile(image: docker.image, limits: docker.resources.limits, mounts: docker.mounts)
    }

    /// What makes container workers.
    struct Containers: Sendable {
        let images: ImageProvider
        let watch: EngineWatch
        let factory: ContainerWorkerFactory
    }

    func containers(of engine: EngineClient, _ context: WorkerContext) -> Containers {
        let log = PullLog(logger: logger, display: options.pullDisplay)
        let watch = watch(over: engine, context)
        let images = ImageProvider(
            engine: engine, settings: settings.workers.docker, credentials: RegistryCredentials(settings: settings),
            watch: watch, tell: { log.take($0, $1) })
        return Containers(
            images: images, watch: watch,
            factory: ContainerWorkerFactory(
                engine: engine, context: context, settings: settings.workers, images: images, watch: watch))
    }

    /// Whether local workers can have limits, where there may be any.
    private func limitsLocalWorkers(_ backend: Backend) async -> Bool {
        guard backend.mode == .local || settings.workers.fallbackInForce else { return false }
        return await FileThread.shared.run { LocalCgroup.problem() == nil }
    }

    /// Puts the parts together. `earlier` is what served until now, and still has tasks in hand.
    func assemble(
        _ backend: Backend, _ context: WorkerContext, _ containers: Containers?, _ takeover: Takeover,
        after earlier: Running? = nil
    ) async -> Running {
        let workers = settings.workers
        let warm = warmProfile(backend)
        let watch = containers?.watch
        let images = containers?.images
        let standardArrived = OneShot<Void>()
        if containers == nil, duties.runsTasks { warnOfOpenEgress() }
        let factory: any WorkerFactory =
            containers?.factory ?? ProcessWorkerFactory(context: context, settings: workers)
        let pool = WorkerPool(
            slots: slots(earlier), spares: duties.runsTasks ? workers.sparesInForce : 0, warmProfile: warm,
            isWarmHeld: images != nil, rules: workers.docker.restart,
            recycle: workers.recycle,
            // In a one-off pool nobody is there to mend what is wrong.
            ownMayWait: !options.exitsWhenIdle, factory: factory,
            observer: PoolLog(logger: logger, metrics: metrics, timelines: timelines),
            adopted: takeover.adopted)
        let limitsLocalWorkers = await limitsLocalWorkers(backend)
        let planner = AttemptPlanner(
            settings: settings, secrets: SecretSources(settings.secrets), mounts: mountPolicy(backend),
            outputs: OutputPolicy(settings: settings, outputsDirectory: layout.outputs), mode: backend.mode,
            limitsLocalWorkers: backend.mode == .local && limitsLocalWorkers, users: backend.users)
        let gate = images.map {
            ImageGate(
                images: $0, standard: workers.docker.image, standardMayWait: !options.exitsWhenIdle,
                standardArrived: standardArrived, slots: { pool.target }, engineLimit: engineLimit)
        }
        images?.onMove { pool.replaceWorkers(ofImage: $0) }
        let dispatcher = dispatcher(
            pool: pool, planner: planner, gate: gate, offersContainers: backend.engine != nil,
            // What still runs elsewhere counts.
            room: { [registry] in
                (earlier?.pool.busyCount ?? 0) == 0 ? .max : max(0, pool.target - registry.count)
            })
        let standIn =
            workers.fallbackInForce
            ? watch.map { self.standIn(context, $0, beside: pool, hasLimits: limitsLocalWorkers) } : nil
        let autoscale = AutoscaleLoop(
            store: store, pool: pool, registry: registry, queues: duties.queues,
            offersContainers: backend.engine != nil, rules: duties.runsTasks ? workers.autoscale : AutoscaleSettings(),
            metrics: metrics, logger: logger,
            room: { [pressure, registry] in pressure.room(running: registry.count) })
        let leases =
            earlier?.leases
            ?? LeaseKeeper(
                store: store, registry: registry, supervisor: { self.record() }, settings: settings.queue,
                metrics: metrics, logger: logger)
        let registry = registry
        let stats = StatsPoller(
            pool: pool, interval: workers.statsInterval, warnAt: workers.highUsageWarning, logger: logger,
            engine: backend.engine, ownsNetwork: workers.docker.network != "host",
            alerted: { [timelines] in
                registry.tell($0)
                timelines.note($0)
            },
            measured: { registry.note($0) })
        let adopter = Adopter(
            adopted: takeover.adopted, store: store, context: context, pool: pool, runner: runner(pool, planner),
            registry: registry,
            settings: settings.queue, ended: takeover.ended, strays: strays,
            settled: { await self.finish(takeover, pool, dispatcher, refused: $0) },
            isEnding: { self.shutdown.level != nil })
        return Running(
            pool: pool, adopter: adopter, dispatcher: dispatcher, autoscale: autoscale, leases: leases, stats: stats,
            engine: backend.engine, fallbackReason: backend.fallbackReason, watch: watch, standIn: standIn,
            images: images, earlier: earlier.map { Earlier(pool: $0.pool, stats: $0.stats, dispatcher: $0.dispatcher) },
            standardImage: images.map {
                StandardImage(
                    reference: workers.docker.image, images: $0, pool: pool, arrived: standardArrived, logger: logger)
            }, limitsTasks: backend.mode == .docker || limitsLocalWorkers)
    }

    /// How many workers there are at first.
    private func slots(_ earlier: Running?) -> Int {
        guard duties.runsTasks else { return 0 }
        let workers = settings.workers
        return workers.autoscale.isOn ? workers.autoscale.min : earlier?.pool.target ?? workers.count
    }

    /// What the log says of its role.
    var roleMetadata: Logger.Metadata {
        guard let role = duties.role else { return [:] }
        return [
            "role": "\(role)", "queues": "\(duties.consumes.words)", "orchestrates": "\(duties.orchestrates)",
            "http": "\(duties.listens?.description ?? "nowhere")",
        ]
    }
}
