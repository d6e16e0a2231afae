package import AgentProtocol
internal import Glibc
internal import Synchronization

/// What container workers and process workers have in common: a status, a link to the agent, and the execution of one
/// attempt at a time with its time-out and its stop.
package final class AgentSession: Sendable {
    /// After SIGKILL the agent has this long to report the end before the whole worker is given up.
    private static let patienceAfterKill = Duration.seconds(5)

    private let current = Mutex(WorkerStatus.provisioning)
    private let link: AgentLink
    private let secretsDirectory: String
    private let directory: WorkerDirectory?
    private let giveUp: @Sendable () -> Void

    /// Makes a session over `link` with an agent that sees secrets in `secretsDirectory`, whose worker has `directory`.
    /// `giveUp` is called when an attempt does not end although it was killed.
    package init(
        link: AgentLink, secretsDirectory: String, directory: WorkerDirectory? = nil,
        giveUp: @escaping @Sendable () -> Void
    ) {
        self.link = link
        self.secretsDirectory = secretsDirectory
        self.directory = directory
        self.giveUp = giveUp
    }

    /// Where the worker stands.
    package var status: WorkerStatus { current.withLock { $0 } }

    /// Takes the step to `status` if it exists; returns whether it was taken.
    @discardableResult
    package func become(_ status: WorkerStatus) -> Bool {
        current.withLock { current in
            guard current.canBecome(status) else { return false }
            current = status
            return true
        }
    }

    /// Runs one attempt; see `Worker.execute`.
    package func execute(_ request: AttemptRequest, observer: any AttemptObserver) async -> ExitRecord {
        await conduct(request) { [link] in
            // An end asked for before the command began: a signal sent ahead of it would be lost.
            guard request.stop.current == nil else {
                return .unprovided(WorkerError(.poolClosed, "stopped before it began"))
            }
            return await link.run(
                RunRequest(
                    attempt: request.ref, argv: request.command, environment: request.environment,
                    workingDirectory: request.workingDirectory, stdin: request.stdin,
                    secrets: request.secrets.keys.sorted(),
                    secretsDirectory: request.secrets.isEmpty ? nil : secretsDirectory),
                observer: observer)
        }
    }

    /// Goes on with an attempt that another supervisor began; see `Worker.resume`.
    package func resume(
        _ request: AttemptRequest, from offset: UInt64, observer: any AttemptObserver, noted: @Sendable () -> Void
    ) async -> ExitRecord {
        await conduct(request) { [link] in
            await link.resume(request.ref, from: offset, observer: observer, noted: noted)
        }
    }

    private func conduct(_ request: AttemptRequest, _ run: () async -> ExitRecord.End) async -> ExitRecord {
        become(.busy)
        let terminated = OneShot<Void>()
        if request.isTerminated { terminated.set(()) }
        let (end, isTerminated) = await withTaskGroup(of: Void.self) { group in
            if let timeout = request.timeout {
                group.addTask {
                    guard (try? await Task.sleep(for: max(.zero, timeout - request.elapsed))) != nil else { return }
                    request.stop.set(.timeout(timeout))
                }
            }
            group.addTask { await self.enforceStop(of: request, terminated) }
            group.addTask {
                guard await request.stopAnnounced.wait() != nil else { return }
                self.announceStop(of: request)
            }
            let end = await run()
            // Looked at first: what is sent from now on explains nothing.
            let isTerminated = terminated.current != nil
            group.cancelAll()
            return (end, isTerminated)
        }
        return ExitRecord(
            end: end, stop: request.stop.current, isStopAnnounced: request.stopAnnounced.current != nil,
            isTerminated: isTerminated)
    }

    /// See `Worker.acknowledge`. The final offset is whatever the agent named in its exit.
    package func acknowledge(_ ref: AttemptRef) {
        link.send(.outputAck(OutputAck(token: ref.token, offset: .max, exited: true)))
        become(.idle)
    }

    /// Lets the task know that it should stop, wherever it looks for that.
    private func announceStop(of request: AttemptRequest) {
        directory?.writeStop()
        link.requestStop(of: request.ref)
    }

    /// Waits for a stop, then SIGTERM, which is noted in `terminated`, the grace unless that is cut short, SIGKILL, and at last
    /// the end of the whole worker.
    private func enforceStop(of request: AttemptRequest, _ terminated: OneShot<Void>) async {
        guard let intent = await request.stop.wait() else { return }
        // The agent of an attempt that is taken over may not be here yet.
        await link.waitUntilConnected()
        // Before anything is sent, or its effect might be seen first. Of a lost lease nobody else is to say anything.
        if link.isConnected, intent != .leaseLost { directory?.note(intent) }
        if intent.allowsGrace {
            // Here, too, because it has to be there before the signal is.
            announceStop(of: request)
            if Task.isCancelled { return }
            if link.isConnected { terminated.set(()) }
            link.send(.signal(attempt: request.ref, signal: SIGTERM))
            _ = await request.graceOver.wait(atMost: request.stopGrace)
            if Task.isCancelled { return }
        }
        link.send(.signal(attempt: request.ref, signal: SIGKILL))
        guard (try? await Task.sleep(for: Self.patienceAfterKill)) != nil else { return }
        giveUp()
    }
}
