internal import AgentProtocol
internal import ContainerEngine
internal import Foundation
package import Logging
package import Settings
internal import Synchronization
package import TaskModel
package import TaskStore
package import WorkerPool

/// What a supervisor is started with.
package struct SupervisorOptions: Sendable {
    /// The configuration.
    package var settings: Settings
    /// `acode-agent` on this host, absolute.
    package var agentExecutable: String
    /// The program's version, for labels.
    package var version: String
    /// Whether to shut down once every task of the store has ended; for a one-off pool.
    package var exitsWhenIdle = false
    /// Sees the output of every attempt as it comes.
    package var tap: (any OutputTap)?
    /// Shows the progress of pulls, which is logged otherwise.
    package var pullDisplay: PullListener?

    /// Makes options.
    package init(settings: Settings, agentExecutable: String, version: String) {
        self.settings = settings
        self.agentExecutable = agentExecutable
        self.version = version
    }
}

/// A long-running process that owns a pool of workers and runs the tasks of a store on them.
///
/// `run` is its life; everything else may be called from anywhere while that lasts.
package final class Supervisor: Sendable {
    /// What exists only while `run` prepared it.
    struct Running: Sendable {
        let pool: WorkerPool
        let adopter: Adopter
        let dispatcher: Dispatcher
        let autoscale: AutoscaleLoop
        let leases: LeaseKeeper
        let stats: StatsPoller
        let engine: EngineClient?
        let fallbackReason: String?
        let watch: EngineWatch?
        let standIn: StandIn?
        let images: ImageProvider?
        /// What served before there was an engine.
        let earlier: Earlier?
        let standardImage: StandardImage?
        /// Whether its workers are held to limits of CPU, memory and processes.
        let limitsTasks: Bool
        /// Set when another way of serving takes over.
        let hasSuccessor = OneShot<Void>()
        /// Set when nothing of it runs any more.
        let ended = OneShot<Void>()

        /// The pools: that of the containers, or of the local workers there are instead, and that of those who stand in.
        var pools: [WorkerPool] { ownPools + (earlier.map { [$0.pool] } ?? []) }
        /// Those that begin and end with it.
        var ownPools: [WorkerPool] { [pool] + (standIn.map { [$0.pool] } ?? []) }

        /// Whether tasks may be claimed of which the registry does not know yet.
        var isClaiming: Bool {
            [dispatcher, standIn?.dispatcher, earlier?.dispatcher].contains { $0?.isClaiming ?? false }
        }

        /// The last measurement of a worker, whoever's it is.
        func usage(of worker: WorkerID) -> WorkerUsage? {
            stats.usage(of: worker) ?? standIn?.stats.usage(of: worker) ?? earlier?.stats.usage(of: worker)
        }
    }

    /// The local workers that finish what they have in hand, and who measures them.
    struct Earlier: Sendable {
        let pool: WorkerPool
        let stats: StatsPoller
        let dispatcher: Dispatcher
    }

    /// This run's identity.
    package let id = SupervisorID.next()
    let options: SupervisorOptions
    let store: any TaskStore
    let layout: StateLayout
    let logger: Logger
    let metrics = SupervisorMetrics()
    let registry = AttemptRegistry()
    let timelines = WorkerTimelines()
    let pressure: PressureMonitor
    let wakeups: WakeupListener
    let concurrency: ConcurrencyKeeper
    let strays: StrayLeases
    let startedAt = Date()
    let running = Mutex<Running?>(nil)
    let shutdown = ShutdownRequest()
    let handOff = HandOffRequest()
    let startCheck = StartCheck()
    let host = ProcessInfo.processInfo.hostName
    /// The identity of the state directory, once it is known.
    private let installation = Mutex("")
    /// The identity of the store, once it has told it.
    private let storeName = Mutex<String?>(nil)

    /// Makes a supervisor; nothing happens before `run`.
    package init(options: SupervisorOptions, store: any TaskStore, layout: StateLayout, logger: Logger) {
        self.options = options
        self.store = store
        self.layout = layout
        var logger = logger
        logger[metadataKey: "pool"] = "\(options.settings.workers.pool)"
        self.logger = logger
        // A one-off pool has a user who waits for it.
        let isFree = options.exitsWhenIdle || !options.settings.duties.runsTasks
        let rules = isFree ? BackpressureSettings() : options.settings.backpressure
        concurrency = ConcurrencyKeeper(
            isOn: options.settings.queue.adaptive, registry: registry, metrics: metrics, logger: logger)
        pressure = PressureMonitor(
            rules: rules, served: options.settings.duties.queues, store: store, stateDirectory: layout.stateDirectory,
            metrics: metrics, logger: logger)
        strays = StrayLeases(
            store: store, supervisor: id, registry: registry, spool: ResultSpool(directory: layout.results),
            settling: options.settings.queue.lease, metrics: metrics, logger: logger)
        var queue = options.settings.queue
        queue.queues = options.settings.duties.queues
        wakeups = WakeupListener(store: store, supervisor: id, settings: queue, metrics: metrics, logger: logger)
    }

    var settings: Settings { options.settings }
    var installationID: String { installation.withLock { $0 } }
    var storeIdentity: String? {
        get { storeName.withLock { $0 } }
        set { storeName.withLock { $0 = newValue } }
    }
    /// What it does, by its role.
    var duties: SupervisorDuties { options.settings.duties }

    private static let threads = SharedThreads(name: "acode-main")

    /// Prepares, serves until it is shut down, and returns when nothing of the pool is left.
    ///
    /// - Throws: when it can't begin. Once it serves, trouble is logged and healed instead.
    package func run() async throws(SupervisorError) {
        try layout.prepare()
        let lock = try PoolLock(paths: layout.lockFiles, pool: settings.workers.pool)
        defer { lock.release() }
        let identity = try layout.installation()
        installation.withLock { $0 = identity.id }
        if let renewal = identity.renewal {
            logger.warning(
                "this installation has a new identity: what was left under the old one is not cleaned up",
                metadata: ["reason": "\(renewal)"])
        }
        let installation = identity.id
        let checked = startCheck.take()
        let backend = if let checked { checked } else { try await chooseBackend() }
        try checkPool(backend)
        try await checkNetwork(backend)
        var context = workerContext(installation: installation)
        context.users = backend.users
        warnOfSecretsOnDisk(installation: installation)
        let containers = backend.engine.map { self.containers(of: $0, context) }
        // Before anything of earlier supervisors is taken over or given back, or it would be done again.
        try await delivery.deliverKept()
        // First, so that the store tells its time, and who else looks at these rows that somebody lives.
        try await register()
        if !options.exitsWhenIdle { await retention.begin() }
        let takeover = await surveyTakeover(backend, context, containers)
        await pressure.look()
        let running = await assemble(backend, context, containers, takeover)
        self.running.withLock { $0 = running }
        logger.info(
            "supervisor ready",
            metadata: [
                "supervisor.id": "\(id)", "workers": "\(running.pool.target)", "mode": "\(backend.mode.rawValue)",
            ].merging(roleMetadata) { own, _ in own })
        await withTaskExecutorPreference(Self.threads) { await serve(running, context) }
        self.running.withLock { $0 = nil }
        // Who takes over finds the workers and the leases by the row.
        if !handOff.isDecided { await unregister() }
        backend.engine?.shutdown()
        logger.info(handOff.isDecided ? "supervisor handed over" : "supervisor stopped")
    }

    // MARK: Requests from outside

    /// Looks for tasks now: somebody submitted one.
    package func wake() {
        current?.dispatcher.wake()
        current?.standIn?.dispatcher.wake()
        current?.autoscale.wake()
    }

    /// Looks at the leases now: somebody cancelled a task.
    package func checkLeases() { current?.leases.check() }

    /// Ends the supervisor: claims nothing more, lets tasks run for the shutdown time-out, then interrupts them; or
    /// interrupts them at once with `force`. May be called again with `force`.
    package func shutDown(force: Bool) { shutdown.request(force ? .force : .graceful) }

    /// Ends the supervisor when every running task has ended by itself.
    package func drain() { shutdown.request(.drain) }

    /// Stops one worker, whose slot is filled anew: when its task has ended or, with `force`, at once, and the task runs
    /// again elsewhere.
    /// Returns whether there is such a worker.
    package func stopWorker(_ id: WorkerID, force: Bool) -> Bool {
        current?.pools.contains { $0.stop(worker: id, force: force) } ?? false
    }

    /// Replaces one worker as `stopWorker` does, and forgets the failures of its profile. The id may be that of a worker
    /// that failed. Returns whether there is such a worker.
    package func restartWorker(_ id: WorkerID, force: Bool) -> Bool {
        current?.pools.contains { $0.restart(worker: id, force: force) } ?? false
    }

    /// Replaces every worker, also those that stand in, and forgets all failures, and that tags were pulled.
    package func restartAll(force: Bool) {
        current?.images?.forget()
        for pool in current?.pools ?? [] { pool.restartAll(force: force) }
    }

    /// Changes how many tasks run at once; otherwise says why not, in plain words.
    package func scale(to count: Int) -> String? {
        guard duties.runsTasks else { return "its role \(duties.role ?? "") consumes no queue" }
        guard !settings.workers.autoscale.isOn, let pool = current?.pool else {
            return "the pool's size follows its queues (workers.autoscale.max is set), or it is still starting"
        }
        let docker = settings.workers.docker
        if count > 1, settings.workers.mode == .docker, let port = docker.ports.first(where: { $0.hostPort != nil }) {
            return "\(count) workers can't share \(port.place), which workers.docker.ports gives to one; "
                + "write \"\(port.host)::\(port.containerPort)\" there for a free port each"
        }
        pool.scale(to: count)
        return nil
    }

    /// What it is doing.
    package var status: SupervisorStatus {
        let running = current
        let workers = running?.pools.flatMap(\.workers) ?? []
        let engine = running?.engine.map {
            SupervisorStatus.Engine(
                kind: $0.identity.kind.rawValue, version: $0.identity.version, socket: $0.endpoint.socketPath)
        }
        return SupervisorStatus(
            id: id, pool: settings.workers.pool, pid: ProcessInfo.processInfo.processIdentifier,
            mode: running?.engine == nil ? .local : .docker, engine: engine, fallbackReason: running?.fallbackReason,
            engineTrouble: running?.watch?.trouble.map(SupervisorStatus.Outage.init),
            imageTrouble: running?.standardImage?.trouble, state: state(running),
            slots: running?.pool.target ?? (duties.runsTasks ? settings.workers.count : 0),
            isElastic: !duties.runsTasks || settings.workers.autoscale.isOn && settings.workers.autoscale.min == 0,
            busy: registry.count,
            ready: workers.count { $0.status == .idle || $0.status == .busy },
            troubles: running?.pool.troubles.map(SupervisorStatus.Trouble.init) ?? [], startedAt: startedAt,
            limits: running.flatMap {
                $0.limitsTasks && duties.runsTasks ? settings.workers.docker.resources.limits : nil
            },
            diskMb: settings.workers.docker.resources.diskMb, egress: settings.workers.egressCeiling,
            networkLimit: settings.workers.networkLimit, queues: duties.queues, pressure: pressure.reasons)
    }

    /// Every worker, with its last measurement, and the failed ones whose successors can't be started now.
    package var workers: [WorkerReport] {
        guard let running = current else { return [] }
        return running.pools.flatMap(\.workers).map {
            WorkerReport($0, usage: running.usage(of: $0.id), events: timelines.events(of: $0.id))
        } + running.pools.flatMap(\.troubles).map { WorkerReport($0, events: timelines.events(of: $0.worker)) }
    }

    var current: Running? { running.withLock { $0 } }

    private func state(_ running: Running?) -> SupervisorStatus.State {
        if handOff.isDecided { return .stopping }
        switch shutdown.level {
        case .drain: return .draining
        case .graceful, .force: return .stopping
        case nil: break
        }
        guard let running else { return .starting }
        return running.pool.isEngineUnavailable || running.watch?.trouble != nil ? .engineUnavailable : .running
    }
}
