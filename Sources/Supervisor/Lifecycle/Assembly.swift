internal import ContainerEngine
internal import Foundation
internal import Glibc
internal import Logging
internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

extension Supervisor {
    /// What the workers will be made of.
    struct Backend: Sendable {
        var engine: EngineClient?
        /// What the engine said of itself at the start.
        var info: EngineInfo?
        /// Who the users of its containers are on this host.
        var users = UserMapping.same
        var fallbackReason: String?

        var mode: WorkerMode { engine == nil ? .local : .docker }
    }

    /// Finds the engine, or decides for local processes.
    ///
    /// - Throws: `engine_unavailable` when containers are asked for, there is no engine, and falling back is not allowed.
    func chooseBackend() async throws(SupervisorError) -> Backend {
        // Who runs no tasks needs no engine.
        guard settings.workers.mode == .docker, duties.runsTasks else { return Backend() }
        do {
            return try await welcome(try await findEngine(logger: logger))
        } catch {
            guard settings.workers.fallback else {
                throw SupervisorError(.engineUnavailable, error.message, hint: error.hint)
            }
            try requireOpenNetwork(error)
            logger.warning(
                "no container engine: falling back to local processes, which isolate tasks less",
                metadata: ["error.message": "\(error.message)", "hint": "\(error.hint ?? "run `acode doctor`")"])
            return Backend(fallbackReason: error.message)
        }
    }

    /// - Throws: `users_unreachable` when tasks could not use what is made for them.
    private func users(of info: EngineInfo?, on engine: EngineClient) throws(SupervisorError) -> UserMapping {
        guard let info else { return .same }
        do throws(UserMappingProblem) {
            return try UserMapping(
                info, kind: engine.identity.kind, user: settings.workers.docker.user,
                own: ContainerUser(uid: geteuid(), gid: getegid()))
        } catch {
            throw SupervisorError(.usersUnreachable, error.message, hint: error.hint)
        }
    }

    /// The first engine that answers.
    func findEngine(logger: Logger) async throws(EngineError) -> EngineClient {
        let candidates = try EngineDiscovery.candidates(
            explicitSocket: settings.workers.docker.socket, environment: ProcessInfo.processInfo.environment,
            userID: getuid())
        return try await EngineClient.discover(candidates: candidates, logger: logger)
    }

    /// Tells operators what was found, and what it can't do, where that is news.
    ///
    /// - Throws: when the engine does not say what it is: who its users are and where its data is must be known before
    ///   anything is made. The client is of no use then.
    func welcome(_ engine: EngineClient, isNews: Bool = true) async throws(EngineError) -> Backend {
        let info: EngineInfo
        do {
            info = try await engine.info()
        } catch {
            engine.shutdown()
            throw error
        }
        if isNews {
            logger.info(
                "engine found",
                metadata: [
                    "engine.kind": "\(engine.identity.kind.rawValue)", "engine.version": "\(engine.identity.version)",
                    "engine.endpoint": "\(engine.endpoint.socketPath)",
                ])
            warnOfLimits(info, on: engine)
        }
        return Backend(engine: engine, info: info, users: (try? users(of: info, on: engine)) ?? .same)
    }

    func mountPolicy(_ backend: Backend) -> MountPolicy {
        MountPolicy(
            settings: settings, engineSocket: backend.engine?.endpoint.socketPath,
            engineData: backend.info?.dataDirectory)
    }

    /// Finds at the start what would make every worker fail.
    ///
    /// - Throws: `agent_missing`, `mount_refused`, `users_unreachable`.
    func checkPool(_ backend: Backend) throws(SupervisorError) {
        guard access(options.agentExecutable, X_OK) == 0 else {
            throw SupervisorError(
                .agentMissing, "\(options.agentExecutable) is missing or can't be executed",
                hint: "install acode-agent beside acode, or name it with ACODE_AGENT_PATH")
        }
        guard backend.mode == .docker else { return }
        if let engine = backend.engine { _ = try users(of: backend.info, on: engine) }
        for mount in settings.workers.docker.mounts {
            do {
                try mountPolicy(backend).check(poolMount: mount)
            } catch {
                throw SupervisorError(.mountRefused, error.message, hint: "change workers.docker.mounts")
            }
        }
    }

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

    /// Takes attempts on the workers of a pool to their ends.
    private func runner(_ pool: WorkerPool, _ planner: AttemptPlanner) -> AttemptRunner {
        AttemptRunner(
            pool: pool, store: store, registry: registry, plans: planner,
            harvester: AttemptHarvester(scratch: settings.scratch, shelf: ScratchShelf(root: layout.scratch)),
            checkpoints: CheckpointKeeper(
                store: store, shelf: CheckpointShelf(settings: settings, layout: layout), host: host, logger: logger,
                identity: storeIdentity),
            delivery: delivery, strays: strays, concurrency: concurrency, settings: settings, layout: layout,
            tap: options.tap, metrics: metrics, logger: logger, engineLimit: engineLimit, timelines: timelines,
            concluded: { await self.attemptConcluded() })
    }

    /// For how long leases can be renewed: no less than tasks that name no time-out of their own may run.
    static func longestLease(_ settings: Settings) -> LongestLease? {
        guard let most = settings.queue.maxLease else { return nil }
        // A time-out counts from the start of a command, a lease from the claim.
        let grace = settings.workers.stopTimeout + settings.workers.startTimeout + .seconds(600)
        let usual = settings.queue.defaultTimeout.map { $0 + grace } ?? .zero
        return LongestLease(max(most, usual), grace: grace)
    }

    /// What brings the ends of attempts to the store.
    var delivery: ResultDelivery {
        ResultDelivery(
            store: store, spool: ResultSpool(directory: layout.results), patience: settings.queue.lease * 2,
            ending: { [shutdown] in shutdown.level }, isBusy: { [registry] in registry.runsTasks }, metrics: metrics,
            logger: logger)
    }

    /// A dispatcher of tasks to the workers of a pool, at most `room` of them at a time, each through `gate`.
    func dispatcher(
        pool: WorkerPool, planner: AttemptPlanner, gate: ImageGate? = nil, offersContainers: Bool,
        room: @escaping @Sendable () -> Int
    ) -> Dispatcher {
        Dispatcher(
            store: store, pool: pool, registry: registry, planner: planner, runner: runner(pool, planner), gate: gate,
            claim: ClaimRequest(
                supervisor: id, host: host, queues: duties.queues, limit: 0,
                leaseDuration: settings.queue.lease, offersContainers: offersContainers,
                longest: Self.longestLease(settings)),
            weights: QueueWeights(settings.queue.weights), oldest: OldestTurns(every: settings.queue.oldestEvery),
            queueRoom: { [concurrency] in concurrency.room },
            room: { [pressure, registry, duties] in
                let most = duties.runsTasks ? room() : 0
                return most > 0 ? min(most, pressure.takeRoom(running: registry.count)) : 0
            }, pollInterval: settings.queue.pollInterval, mustPoll: { [wakeups] in wakeups.mustPoll },
            strays: strays, metrics: metrics, logger: logger)
    }

    // MARK: The supervisor's row

    func record() -> SupervisorRecord {
        var record = SupervisorRecord(
            id: id, pool: settings.workers.pool, installation: installationID, boot: Predecessors.currentBoot,
            host: host, address: settings.supervisor.address(host: host), pid: getpid(), startedAt: startedAt,
            seenAt: Date())
        record.queues = duties.queues
        return record
    }

    func register() async throws(SupervisorError) {
        do {
            try await store.save(record())
        } catch {
            throw SupervisorError(.storeUnavailable, "the store does not work: \(error)")
        }
        storeIdentity = try? await store.identity()
    }

    /// Removes the supervisor's row when nothing runs any more, unless it still holds leases: whoever has the pool next
    /// finds them by it.
    func unregister() async {
        do {
            // The store may be back since these were kept. Else the next supervisor writes them.
            if shutdown.level != .force { try? await delivery.deliverKept() }
            let left = try await strays.giveBack()
            guard left.isEmpty else {
                return logger.warning(
                    "some leases could not be given back; the next supervisor of this pool will do that",
                    metadata: ["tasks": "\(left.map(\.taskID.rawValue).sorted().joined(separator: " "))"])
            }
            try await store.remove(supervisor: id)
        } catch {
            logger.warning("could not remove the supervisor's row", metadata: ["error.message": "\(error)"])
        }
    }

    /// A one-off pool ends when nothing is left to do.
    private func attemptConcluded() async {
        guard options.exitsWhenIdle, let counts = try? await store.counts() else { return }
        if counts.allSatisfy({ $0.state.isTerminal || $0.count == 0 }) { shutDown(force: false) }
    }
}
