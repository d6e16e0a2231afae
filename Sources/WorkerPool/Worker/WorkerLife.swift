internal import AgentProtocol
internal import Glibc
internal import Logging
internal import Settings

/// What the life of every worker has in common: its link is served, its agent watched, and whatever ends it is found out.
struct WorkerLife: Sendable {
    /// What a look at a worker whose agent is gone found.
    enum Finding: Sendable {
        /// The container or process is gone.
        case gone(WorkerLoss)
        /// It is there; the agent may come back.
        case alive
        /// Nobody can tell now: the engine does not answer.
        case unknown
    }

    let link: AgentLink
    let session: AgentSession
    let fate: WorkerFate
    let context: WorkerContext
    var healthcheck: WorkerHealthcheck?
    let examine: @Sendable () async -> Finding

    /// Runs until the worker's fate is known and `begin` has returned. `begin` starts the container or process and calls
    /// its argument when that is done; it may go on until it is cancelled.
    func run(
        changed: @escaping @Sendable (WorkerChange) -> Void,
        begin: @escaping @Sendable (_ started: @escaping @Sendable () -> Void) async throws(WorkerError) -> Void
    ) async -> WorkerEnd {
        let failure = OneShot<WorkerError>()
        let listening = OneShot<Void>()
        let connected = OneShot<Void>()
        let begun = OneShot<Void>()
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await serve(listening, failure) }
            group.addTask { await follow(connected, begun, changed) }
            group.addTask { await watchSilence(connected) }
            group.addTask { await watchHealth(connected) }
            group.addTask {
                guard await listening.wait() != nil else { return }
                let started = OneShot<Void>()
                await withTaskGroup(of: Void.self) { start in
                    start.addTask {
                        do throws(WorkerError) {
                            try await begin {
                                if begun.set(()) { changed(.started) }
                                started.set(())
                            }
                        } catch {
                            fail(error, failure)
                        }
                    }
                    guard await started.wait() != nil, session.become(.starting) else { return }
                    start.addTask { await lookUntil(connected) }
                    if await connected.wait(atMost: context.startTimeout) == nil, !Task.isCancelled {
                        let limit = Int(context.startTimeout / .seconds(1))
                        fail(WorkerError(.startTimedOut, "its agent did not call within \(limit) s"), failure)
                    }
                }
            }
            let fate = await fate.wait()
            group.cancelAll()
            await group.waitForAll()
            switch fate {
            case .detach: return .detached
            case .stop: return failure.current.map { .startFailed($0) } ?? .stopped
            case .lost(let loss):
                if let error = failure.current { return .startFailed(error) }
                // Gone before its agent ever called: that is a failed start, in the words of what was seen.
                guard connected.current != nil else {
                    return .startFailed(WorkerError(.startFailed, loss.observation))
                }
                return .lost(loss)
            }
        }
    }

    /// Notes why the worker did not come up, unless its end was asked for meanwhile: then the trouble is our own doing.
    private func fail(_ error: WorkerError, _ failure: OneShot<WorkerError>) {
        guard fate.current == nil else { return }
        failure.set(error)
        fate.lose(WorkerLoss(observation: error.message))
    }

    private func serve(_ listening: OneShot<Void>, _ failure: OneShot<WorkerError>) async {
        do {
            try await link.serve { listening.set(()) }
        } catch {
            guard !Task.isCancelled else { return }
            fail(WorkerError(.host, "the worker's socket can't be served: \(error)"), failure)
        }
    }

    private func follow(
        _ connected: OneShot<Void>, _ begun: OneShot<Void>, _ changed: @escaping @Sendable (WorkerChange) -> Void
    ) async {
        await withDiscardingTaskGroup { group in
            for await event in link.events {
                switch event {
                case .connected:
                    guard !connected.set(()) else {
                        session.become(.starting)
                        session.become(.idle)
                        // One that was taken over may have come with an attempt.
                        if link.currentAttempt != nil { session.become(.busy) }
                        // The agent may be faster than the engine's answer to the start.
                        if begun.set(()) { changed(.started) }
                        changed(.ready)
                        continue
                    }
                    session.become(link.currentAttempt == nil ? .idle : .busy)
                    changed(.answering)
                case .disconnected:
                    session.become(.unhealthy)
                    changed(.silent)
                    group.addTask { await lookAfterDisconnect(changed) }
                case .agentReplaced:
                    session.become(.unhealthy)
                    changed(.silent)
                    group.addTask { await lookAfterReplacement() }
                }
            }
            group.cancelAll()
        }
    }

    /// Looks at a worker that was started until its agent calls, so that one that died at once is not waited for.
    private func lookUntil(_ connected: OneShot<Void>) async {
        var pause = Duration.milliseconds(50)
        while await connected.wait(atMost: pause) == nil, !Task.isCancelled {
            if case .gone(let loss) = await examine() { return fate.lose(loss) }
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Finds out what became of a worker whose agent hung up.
    private func lookAfterDisconnect(_ changed: @Sendable (WorkerChange) -> Void) async {
        let begun = ContinuousClock.now
        var sawEngineTrouble = false
        var pause = Duration.milliseconds(20)
        while !link.isConnected, !Task.isCancelled, fate.current == nil {
            let elapsed = ContinuousClock.now - begun
            switch await examine() {
            case .gone(var loss):
                if sawEngineTrouble { changed(.engineAnswering) }
                loss.engineStopped = loss.engineStopped || sawEngineTrouble
                return fate.lose(loss)
            case .alive where elapsed > WorkerContext.reconnectLimit:
                return fate.lose(WorkerLoss(observation: "its agent hung up and did not come back", mayRunOn: true))
            case .unknown where elapsed > context.outageLimit:
                return fate.lose(
                    WorkerLoss(
                        observation: "its agent is gone and the engine does not answer", engineStopped: true,
                        mayRunOn: true))
            case .alive: break
            case .unknown:
                sawEngineTrouble = true
                changed(.engineSilent)
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Finds out why the agent of a worker is another one, which may be a kill for memory.
    private func lookAfterReplacement() async {
        var loss = WorkerLoss(observation: "its agent ended and was started again by the engine")
        if case .gone(let found) = await examine() { loss = found }
        fate.lose(loss)
    }

    /// Pings the agent, and gives up one that is connected but has not said a word for too long.
    private func watchSilence(_ connected: OneShot<Void>) async {
        guard await connected.wait() != nil else { return }
        let interval = context.health.interval
        var judge = SilenceJudge(rules: context.health)
        var nonce: UInt64 = 0
        var isStarved = false
        var asked = ContinuousClock.now
        while (try? await Task.sleep(for: interval)) != nil {
            nonce += 1
            let lateness = ContinuousClock.now - asked - interval
            asked = .now
            let unanswered = link.ping(nonce: nonce)
            let pid = judge.needsLook(unanswered) ? link.agentPID : nil
            var state: Character?
            if let pid { state = await FileThread.shared.run { ProcessState.of(pid) } }
            switch judge.judge(unanswered: unanswered, lateness: lateness, state: state) {
            case .wait: isStarved = false
            case .starved where isStarved: break
            case .starved:
                isStarved = true
                context.logger.warning(
                    "a worker's agent is late: it gets no CPU",
                    metadata: ["worker.id": "\(link.worker)", "silent.rounds": "\(unanswered)"])
            case .dead(let observation):
                session.become(.unhealthy)
                fate.lose(WorkerLoss(observation: observation, mayRunOn: true))
            }
        }
    }

    /// Asks for the container's own healthcheck once an interval, and gives up a worker that fails it.
    private func watchHealth(_ connected: OneShot<Void>) async {
        guard let healthcheck, await connected.wait() != nil else { return }
        while (try? await Task.sleep(for: healthcheck.interval)) != nil {
            guard let failure = await healthcheck.failure() else { continue }
            session.become(.unhealthy)
            fate.lose(WorkerLoss(observation: failure, mayRunOn: true))
        }
    }
}

/// A check of a container beside the watch over its agent.
struct WorkerHealthcheck: Sendable {
    /// Time between two checks.
    let interval: Duration
    /// Why the container is not well, in plain words; `nil` while it is, or while nobody can tell.
    let failure: @Sendable () async -> String?
}
