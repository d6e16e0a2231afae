internal import Logging
internal import Settings
internal import TaskModel
internal import WorkerPool

extension Supervisor {
    /// Runs everything until the pool is empty after a shutdown.
    func serve(_ first: Running, _ context: WorkerContext) async {
        let scanner = RecoveryScanner(
            store: store, settings: settings.queue, metrics: metrics, logger: logger,
            held: { self.registry.all.map(\.claim.lease) }, recovered: { self.wake() })
        let scratch = ScratchSweeper(
            shelf: ScratchShelf(root: layout.scratch), settings: settings.scratch, metrics: metrics, logger: logger)
        let checkpoints = CheckpointSweeper(
            shelf: CheckpointShelf(settings: settings, layout: layout), store: store,
            interval: settings.scratch.sweepInterval, logger: logger)
        await withTaskGroup(of: Void.self) { services in
            services.addTask { await scratch.run() }
            // A one-off pool's store goes as a whole.
            if !options.exitsWhenIdle { services.addTask { await self.retention.run() } }
            services.addTask { await checkpoints.run() }
            services.addTask { await first.leases.run() }
            if duties.orchestrates { services.addTask { await scanner.run() } }
            services.addTask { await self.pressure.run(mayTake: { self.wake() }) }
            services.addTask {
                await DiskWatch(
                    registry: self.registry, warnAt: self.settings.workers.highUsageWarning, logger: self.logger
                ).run()
            }
            services.addTask { await ProgressWatch(registry: self.registry).run() }
            services.addTask { await self.keepCollecting() }
            services.addTask {
                await StoreUpkeep(store: self.store, metrics: self.metrics, logger: self.logger).run()
            }
            services.addTask {
                await self.wakeups.run(look: { self.wake() }, checkLeases: { self.checkLeases() })
            }
            services.addTask {
                await self.strays.run(
                    every: self.settings.queue.heartbeat, mayLook: { self.knowsItsLeases }, returned: { self.wake() })
            }
            services.addTask { await self.releaseLater(first, context) }
            services.addTask { await self.tellOfShutdown() }
            await withDiscardingTaskGroup { lives in
                lives.addTask { await self.serveContainersLater(first, context) }
                await live(first)
                // Nobody need look for an engine any more.
                if first.hasSuccessor.current == nil { lives.cancelAll() }
            }
            services.cancelAll()
        }
    }

    /// Whether the registry has every lease that this supervisor was given and heard of, and has not left to another.
    private var knowsItsLeases: Bool {
        guard let current, shutdown.level == nil, !handOff.isDecided else { return false }
        return current.adopter.hasRemoved && !current.isClaiming
    }

    /// Gives back what is left of supervisors that might have been alive elsewhere at the start, once they are known to have
    /// ended.
    private func releaseLater(_ running: Running, _ context: WorkerContext) async {
        let recovery = recovery(running.engine, context)
        while (try? await Task.sleep(for: settings.queue.lease)) != nil {
            await running.adopter.waitUntilSettled()
            let workers = Set((current?.pools ?? []).flatMap(\.workers).map(\.id))
                .subtracting(current?.adopter.refused ?? [])
            guard !Task.isCancelled, await recovery.releaseHeldBack(taken: workers) else { return }
            wake()
        }
    }

    /// Runs one way of serving until its pools are empty.
    func live(_ running: Running) async {
        defer { running.ended.set(()) }
        await withTaskGroup(of: Void.self) { services in
            services.addTask { await running.autoscale.run(until: running.hasSuccessor) }
            services.addTask { await running.stats.run() }
            services.addTask { await running.standardImage?.run() }
            services.addTask { await self.conductShutdown(running) }
            services.addTask { await self.conductHandOff(running) }
            services.addTask { await self.watchEngine(running) }
            if let standIn = running.standIn { services.addTask { await standIn.stats.run() } }
            await withDiscardingTaskGroup { work in
                for pool in running.ownPools { work.addTask { await pool.run() } }
                await withDiscardingTaskGroup { dispatch in
                    if let standIn = running.standIn { dispatch.addTask { await standIn.dispatcher.run() } }
                    dispatch.addTask { await running.adopter.run() }
                    await running.dispatcher.run()
                }
                for pool in running.ownPools { pool.close(force: shutdown.level == .force) }
                work.addTask { await self.forceLater(running) }
                for pool in running.ownPools { await pool.waitUntilClosed() }
                work.cancelAll()
            }
            services.cancelAll()
        }
    }

    /// An engine that hangs must not keep the supervisor: stopping gets its time-out and a little more.
    private func forceLater(_ running: Running) async {
        let limit = settings.workers.stopTimeout + .seconds(5)
        guard (try? await Task.sleep(for: limit)) != nil else { return }
        logger.warning("workers did not stop in time; forcing them")
        for pool in running.ownPools { pool.close(force: true) }
    }

    /// Says how urgently the end is asked for, once, however many ways of serving there are.
    private func tellOfShutdown() async {
        await shutdown.wait(for: .drain)
        if Task.isCancelled { return }
        logger.info("shutting down", metadata: ["tasks.running": "\(registry.count)"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.shutdown.wait(for: .graceful)
                guard (try? await Task.sleep(for: self.settings.workers.shutdownTimeout)) != nil else { return }
                self.logger.warning(
                    "interrupting tasks that did not end in time", metadata: ["tasks": "\(self.registry.count)"])
            }
            group.addTask {
                await self.shutdown.wait(for: .force)
                if Task.isCancelled { return }
                self.logger.warning("stopping at once", metadata: ["tasks": "\(self.registry.count)"])
            }
        }
    }

    /// Waits for a request to end, and carries it out with rising urgency. The dispatcher returns once the attempts have
    /// ended, which ends everything else.
    private func conductShutdown(_ running: Running) async {
        await shutdown.wait(for: .drain)
        if Task.isCancelled { return }
        running.dispatcher.close()
        running.standIn?.dispatcher.close()
        // Attempts that still wait for a worker have nothing to lose.
        for attempt in registry.all where attempt.currentWorker == nil { attempt.stopIntent.set(.shutdown) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.shutdown.wait(for: .graceful)
                if Task.isCancelled { return }
                // Whoever looks for it can save a checkpoint and leave; everybody else may go on until the time-out.
                for attempt in self.registry.all { attempt.stopAnnounced.set(()) }
                guard (try? await Task.sleep(for: self.settings.workers.shutdownTimeout)) != nil else { return }
                for attempt in self.registry.all { attempt.stopIntent.set(.shutdown) }
            }
            group.addTask {
                await self.shutdown.wait(for: .force)
                if Task.isCancelled { return }
                for attempt in self.registry.all { attempt.forceStop(.shutdown) }
                for pool in running.ownPools { pool.close(force: true) }
            }
        }
    }
}
