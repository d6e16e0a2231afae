import AgentProtocol
import Glibc

/// The running agent: one thread, one `poll(2)`, everything else non-blocking.
final class Agent {
    private let options: RunOptions
    /// As the command line says, until a supervisor says otherwise.
    private var orphanTimeout: Nanos
    private let signals: SignalDescriptor
    let link: SupervisorLink
    let local: LocalServer?
    private let egress: EgressRelay?
    private let sinks: [TeeSink]
    private let surroundings: Attempt.Surroundings
    private let bootID = RandomID.make()
    private var lifecycle = Lifecycle()
    private(set) var attempt: Attempt?
    /// The checkpoints that the task waits for.
    var saves = PendingSaves()
    private var pendingProgress: TaskProgress?
    private var lastFailure: String?
    private var stuck = false
    /// What the present supervisor said, or the last one.
    private(set) var welcome: Welcome?
    private var set = PollSet()

    /// Prepares everything; connects to nobody yet.
    init(_ options: RunOptions, environment: [String: String]) throws(SystemError) {
        self.options = options
        orphanTimeout = options.orphanTimeout
        signals = try SignalDescriptor([SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2])
        sinks = [TeeSink(STDOUT_FILENO), TeeSink(STDERR_FILENO)]
        link = SupervisorLink(path: options.socket, now: Clock.now())
        var failure: SystemError?
        do {
            local = try LocalServer(name: LocalSocketName.make(workerID: options.workerID, bootID: bootID))
        } catch {
            local = nil
            failure = error
        }
        var noEgress: SystemError?
        do {
            egress = try options.egressSocket.map { path throws(SystemError) in
                try EgressRelay(port: options.egressPort, upstream: path)
            }
        } catch {
            egress = nil
            noEgress = error
        }
        let base = options.inheritEnvironment ? environment : [:]
        surroundings = Attempt.Surroundings(
            sinks: sinks, counters: CgroupCounters(), oomScore: OOMScore(),
            baseEnvironment: base.merging(egress.map { EgressPlace.environment(port: $0.port) } ?? [:]) { $1 },
            agentDirectory: ExecutablePath.directory(), localSocket: local?.name,
            scratch: ScratchPlaces(options.scratch))
        if let failure { say(.warning, "no local socket, so no health and no progress: \(failure)") }
        if let noEgress { say(.error, "no way out of this worker: can't listen at loopback: \(noEgress)") }
    }

    /// Turns the loop until it is time to exit.
    ///
    /// - Returns: the exit code: 0, or 70 when something could not be killed.
    func run() -> Int32 {
        while true {
            wait()
            let now = Clock.now()
            handleSignals(now: now)
            for event in link.turn(now: now, ready: set, hello: hello) { handle(event, now: now) }
            attempt?.turn(now: now, connected: link.isEstablished)
            report(now: now)
            local?.turn(now: now, ready: set) { answer($0, ticket: $1, now: now) }
            egress?.turn(now: now, ready: set)
            for sink in sinks {
                sink.flush(now: now)
                sink.tick(now: now)
            }
            leaveIfOrphaned(now: now)
            if perform(lifecycle.tick(now: now, work: work)) { break }
        }
        finishWords()
        return stuck ? 70 : 0
    }

    private var work: Lifecycle.Work {
        guard let attempt else { return .none }
        return attempt.exited == nil ? .running : .unacknowledged
    }

    private func wait() {
        set.reset()
        set.add(signals.descriptor, read: true)
        link.prepare(&set, moreToSend: attempt?.journal.hasUnsent ?? false)
        attempt?.prepare(&set, connected: link.isEstablished)
        local?.prepare(&set)
        set.limit(to: saves.deadline)
        egress?.prepare(&set, now: Clock.now())
        for sink in sinks {
            set.add(sink.descriptor, write: sink.isWaiting)
            set.limit(to: sink.deadline)
        }
        set.limit(to: lifecycle.deadline)
        // Once it leaves anyway, that instant lies in the past and must not keep it from waiting.
        if !link.isEstablished, lifecycle.acceptsWork { set.limit(to: link.lonelySince + orphanTimeout) }
        set.wait(now: Clock.now())
    }

    private func handleSignals(now: Nanos) {
        var reaping = attempt?.wantsReaping ?? false
        if set.isReady(signals.descriptor) {
            for number in signals.take() {
                switch number {
                case SIGCHLD: reaping = true
                case SIGTERM, SIGINT, SIGQUIT:
                    // Before the dead are looked at: who tells all processes of a worker to end may find the command
                    // quicker than the agent. One that ended by itself just then runs once too often.
                    attempt?.noteAgentStops()
                    _ = perform(lifecycle.terminate(now: now, grace: options.stopGrace))
                default: break
                }
            }
        }
        guard reaping else { return }
        let round = Reaper.reap()
        attempt?.note(round, now: now)
    }

    private func handle(_ event: SupervisorLink.Event, now: Nanos) {
        switch event {
        case .established(let welcome):
            lastFailure = nil
            self.welcome = welcome
            if let seconds = welcome.orphanSeconds { orphanTimeout = .seconds(seconds) }
        case .failed(let reason):
            // Tried again and again, told once.
            guard reason != lastFailure else { return }
            lastFailure = reason
            say(.warning, "no supervisor at \(options.socket) yet: \(reason)")
        case .lost(let reason):
            attempt?.rewind()
            saves.rewind(now: now)
            say(.warning, "connection to the supervisor lost: \(reason)")
        case .message(let message): handle(message, now: now)
        }
    }

    private func handle(_ message: SupervisorMessage, now: Nanos) {
        switch message {
        case .welcome: break
        case .run(let request): start(request, now: now)
        case .signal(let reference, let number):
            if attempt?.reference == reference { attempt?.signal(number) }
        case .stopRequested(let reference):
            if attempt?.reference == reference { attempt?.isAskedToStop = true }
        case .checkpointAnswer(let answer): self.answer(answer)
        case .ping(let nonce): link.send(.pong(nonce: nonce), now: now)
        case .drain: lifecycle.drain()
        case .shutdown: _ = perform(lifecycle.kill(now: now))
        case .outputAck(let ack): acknowledge(ack)
        }
    }

    private func start(_ request: RunRequest, now: Nanos) {
        guard lifecycle.acceptsWork else {
            return link.send(.refused(Refused(attempt: request.attempt, reason: .draining)), now: now)
        }
        guard attempt == nil else {
            return link.send(.refused(Refused(attempt: request.attempt, reason: .busy)), now: now)
        }
        pendingProgress = nil
        let attempt = Attempt(request, in: surroundings, now: now)
        self.attempt = attempt
        if let started = attempt.started { link.send(.started(started), now: now) }
    }

    private func acknowledge(_ ack: OutputAck) {
        guard let attempt, attempt.reference.token == ack.token else { return }
        attempt.journal.acknowledge(below: ack.offset)
        guard ack.exited, attempt.exited != nil else { return }
        dropSaves()
        self.attempt = nil
    }

    /// Sends progress, output, and then the exit, as far as the connection takes them.
    private func report(now: Nanos) {
        sendSaves(now: now)
        guard link.isEstablished else { return }
        if let progress = pendingProgress, !link.hasUnsent {
            pendingProgress = nil
            link.send(.progress(progress), now: now)
        }
        guard let attempt else { return }
        if !link.hasUnsent, let news = attempt.memoryKillsNews(for: welcome) { link.send(.memoryKills(news), now: now) }
        link.send(&attempt.journal, now: now)
        guard let exited = attempt.exited, !attempt.exitSent, !attempt.journal.hasUnsent, link.isEstablished else {
            return
        }
        attempt.exitSent = true
        link.send(.exited(withDropped(exited, attempt)), now: now)
        guard attempt.isStuck, !stuck else { return }
        stuck = true
        say(.error, "something of task \(attempt.reference) can't be killed or removed; this agent takes no more tasks")
        lifecycle.drain()
    }

    private func hello() -> Hello {
        Hello(
            workerID: options.workerID, pid: getpid(), bootID: bootID, agentVersion: AgentVersion.current,
            running: attempt.flatMap { $0.exited == nil ? $0.started : nil },
            unackedExit: attempt.flatMap { attempt in attempt.exited.map { withDropped($0, attempt) } },
            output: attempt.map { OutputSpan(start: $0.journal.start, end: $0.journal.end) }, takesStopRequests: true)
    }

    /// Output may still be dropped after the end, while nobody is there to take it.
    private func withDropped(_ exited: Exited, _ attempt: Attempt) -> Exited {
        var exited = exited
        exited.outputDropped = attempt.journal.dropped
        return exited
    }

    private func answer(_ request: LocalRequest, ticket: UInt64, now: Nanos) -> LocalReply? {
        switch request {
        case .health:
            let state = attempt == nil ? "idle" : "busy"
            return LocalReply(
                ok: true, message: "\(state), \(link.isEstablished ? "connected" : "waiting for a supervisor")")
        case .progress(let percent, let message):
            guard let attempt, attempt.exited == nil else {
                return LocalReply(ok: false, message: "no task is running")
            }
            // Only the newest counts when the supervisor is slower than the task talks.
            pendingProgress = TaskProgress(
                attempt: attempt.reference, percent: percent, message: message.map(attempt.masker.masked))
            report(now: now)
            return LocalReply(ok: true, message: "")
        case .checkpoint(let phase, let data, let artifacts, let force):
            return take(
                phase: phase, data: data, artifacts: artifacts ?? [], isForced: force ?? false, ticket: ticket, now: now
            )
        case .shouldStop:
            return LocalReply(ok: attempt != nil, message: "", stop: attempt?.isAskedToStop ?? true)
        }
    }

    private func leaveIfOrphaned(now: Nanos) {
        guard !link.isEstablished, now >= link.lonelySince + orphanTimeout else { return }
        if lifecycle.acceptsWork { say(.warning, "no supervisor for too long, leaving") }
        // One that comes right now must not take the kill for the command's own end.
        attempt?.noteAgentStops()
        _ = perform(lifecycle.kill(now: now))
    }

    /// - Returns: whether it is time to exit.
    private func perform(_ action: Lifecycle.Action?) -> Bool {
        switch action {
        case nil: return false
        case .askTask: attempt?.signal(SIGTERM)
        case .killTask: attempt?.kill()
        case .exit: return true
        }
        return false
    }

    private func say(_ level: AgentLog.Level, _ message: String) {
        let now = Clock.now()
        Array("acode-agent: \(message)\n".utf8).withUnsafeBytes { sinks[1].offer($0, now: now) }
        link.send(.log(AgentLog(level: level, message: message)), now: now)
    }

    /// Gives whoever reads our streams a moment to take the last of them.
    private func finishWords() {
        let deadline = Clock.now() + .seconds(1)
        while sinks.contains(where: \.isWaiting), Clock.now() < deadline {
            set.reset()
            for sink in sinks { set.add(sink.descriptor, write: sink.isWaiting) }
            set.limit(to: deadline)
            set.wait(now: Clock.now())
            for sink in sinks { sink.flush(now: Clock.now()) }
        }
    }
}
