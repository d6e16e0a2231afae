internal import Settings
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// What takes a task from its claim to its end: the dispatcher, the runner of its attempts, and the delivery of how they ended.
extension Supervisor {
    /// Takes attempts on the workers of a pool to their ends.
    func runner(_ pool: WorkerPool, _ planner: AttemptPlanner) -> AttemptRunner {
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

    /// A one-off pool ends when nothing is left to do.
    private func attemptConcluded() async {
        guard options.exitsWhenIdle, let counts = try? await store.counts() else { return }
        if counts.allSatisfy({ $0.state.isTerminal || $0.count == 0 }) { shutDown(force: false) }
    }
}
