internal import ContainerEngine
internal import Logging
internal import Settings
internal import Synchronization
internal import TaskModel
internal import WorkerPool

extension Supervisor {
    /// Serves with containers once an engine answers, after a start that found none. The local workers finish what they
    /// have in hand beside them and take nothing more. Returns when nothing of the containers is left, or when `local`
    /// has ended before an engine was found.
    func serveContainersLater(_ local: Running, _ context: WorkerContext) async {
        // A one-off pool runs its command and is gone.
        guard local.engine == nil, settings.workers.mode == .docker, duties.runsTasks, !options.exitsWhenIdle,
            let backend = await engineFound(while: local)
        else { return }
        defer { backend.engine?.shutdown() }
        // First, so that no local worker begins while it is looked for those that nobody owns.
        local.hasSuccessor.set(())
        local.dispatcher.giveWay()
        local.pool.drain()
        var context = context
        context.users = backend.users
        let containers = backend.engine.map { self.containers(of: $0, context) }
        let takeover = await surveyTakeover(
            backend, context, containers, sparing: Set(local.pool.workers.map(\.id)))
        let running = await assemble(backend, context, containers, takeover, after: local)
        logger.info(
            "an engine answers: containers run tasks from now on, local processes finish theirs",
            metadata: ["tasks.running": "\(registry.count)", "workers": "\(running.pool.target)"])
        self.running.withLock { $0 = running }
        await live(running)
    }

    /// The engine, as soon as there is one that the pool's containers can be made in; `nil` when the supervisor ends first.
    private func engineFound(while local: Running) async -> Backend? {
        var quiet = logger
        quiet.logLevel = .critical
        let interval = settings.workers.docker.outage.checkInterval
        var told: String?
        while local.ended.current == nil, shutdown.level == nil {
            _ = await local.ended.wait(atMost: interval)
            guard let engine = try? await findEngine(logger: quiet) else { continue }
            guard local.ended.current == nil, shutdown.level == nil else {
                engine.shutdown()
                return nil
            }
            // Who boots with the host may find what it needs a moment later.
            guard let backend = try? await welcome(engine, isNews: told == nil) else { continue }
            do throws(SupervisorError) {
                try checkPool(backend)
                try await checkNetwork(backend)
                return backend
            } catch {
                engine.shutdown()
                if told != error.message {
                    logger.error(
                        "an engine answers, but containers can't be made; local processes go on, and it is tried again",
                        metadata: [
                            "error.message": "\(error.message)", "hint": "\(error.hint ?? "run `acode doctor`")",
                        ])
                }
                told = error.message
            }
        }
        return nil
    }
}
