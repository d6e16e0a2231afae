package import AgentProtocol
internal import Foundation
package import Logging
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The supervisor's end of one worker's socket: listens, shakes hands with the agent, and carries attempts.
///
/// The agent may disconnect and connect again at any time, for example when the supervisor was stopped in a debugger;
/// an attempt survives that. A new boot id means another agent: whatever the earlier one ran is gone.
package final class AgentLink: Sendable {
    /// What the worker needs to hear.
    package enum Event: Sendable {
        /// The agent is there.
        case connected
        /// The connection ended; the agent may come back.
        case disconnected
        /// An agent came that is not the one that was here before.
        case agentReplaced
    }

    private let state = Mutex(AgentLinkState())
    private let arrived = OneShot<Void>()
    private let socketPath: String
    private let workerID: String
    private let heartbeat: Duration
    private let orphanTimeout: Duration?
    private let gate: AdoptionGate?
    private let mayConnect: @Sendable (_ pid: Int32) -> Bool
    private let logger: Logger
    private let eventSink: AsyncStream<Event>.Continuation

    /// How long a peer may take to say hello.
    private static let handshakeLimit = Duration.seconds(5)
    /// How many connections may be open at once: the agent's own, and what a reconnect leaves for a moment. More are the
    /// task's doing and closed, so that they can't use up the supervisor's descriptors.
    private static let connectionLimit = 4

    /// What happens on the link, oldest dropped beyond 64: only the newest facts matter.
    package let events: AsyncStream<Event>

    /// Makes a link. `mayConnect` judges a peer by its pid on this host (0: not visible). An agent that connects is told
    /// how long it may go on without this supervisor; with a `gate` it is welcomed only once that is open.
    package init(
        socketPath: String, workerID: String, heartbeat: Duration, orphanTimeout: Duration? = nil, logger: Logger,
        gate: AdoptionGate? = nil, mayConnect: @escaping @Sendable (_ pid: Int32) -> Bool
    ) {
        self.socketPath = socketPath
        self.workerID = workerID
        self.heartbeat = heartbeat
        self.orphanTimeout = orphanTimeout
        self.gate = gate
        self.logger = logger
        self.mayConnect = mayConnect
        (events, eventSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    /// Listens until the task is cancelled. `listening` is called once the socket can be connected to.
    ///
    /// - Throws: what `bind(2)` said, also for a path over 107 bytes.
    package func serve(listening: @escaping @Sendable () -> Void) async throws {
        let accepted = AcceptedChannels(limit: Self.connectionLimit)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 8)
            .childChannelOption(.autoRead, value: false)
            .bind(unixDomainSocketPath: socketPath, cleanupExistingSocketFile: true) { channel in
                accepted.add(channel)
                return channel.eventLoop.makeSucceededFuture(channel)
            }
        // The agent runs as another user than the supervisor; the 0700 directory above keeps everyone else out.
        chmod(socketPath, 0o666)
        listening()
        // Whatever was accepted and not served when the listening ends must not stay open.
        defer { accepted.closeAll() }
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    group.addTask { await self.serve(connection) }
                }
            }
        }
    }

    /// How often the agent was pinged without a word since, while somebody was there to hear one.
    package func ping(nonce: UInt64) -> Int {
        let (connection, unanswered) = state.withLock { state in (state.connection, state.countPing()) }
        connection?.send(.ping(nonce: nonce))
        return unanswered
    }

    /// The agent's pid on this host, once it connected and where it can be seen; with a gate, once it waits at that.
    package var agentPID: Int32? { state.withLock { $0.agentPID } }

    /// The largest count of kills for memory in its cgroup that the agent says it has outlived.
    package var memoryKillsOutlived: Int? { state.withLock { $0.memoryKillsOutlived } }

    /// The worker's id, for logs.
    var worker: String { workerID }

    /// Waits for the first connection; returns early when the task is cancelled.
    package func waitUntilConnected() async { _ = await arrived.wait() }

    /// Whether an agent is connected.
    package var isConnected: Bool { state.withLock { $0.connection != nil } }

    /// The attempt that runs.
    package var currentAttempt: AttemptRef? { state.withLock { $0.active?.ref } }

    /// Who sees the attempt that runs.
    package var currentObserver: (any AttemptObserver)? { state.withLock { $0.active?.observer } }

    /// Sends one message, if the agent is connected. Does not wait: what is sent to an agent is little, and nothing that
    /// ends an attempt may depend on an agent that does not read.
    package func send(_ message: SupervisorMessage) {
        state.withLock { $0.isDetached ? nil : $0.connection }?.send(message)
    }

    /// Tells the agent that an attempt should come to a stop, now or when it begins, and whenever it connects anew.
    package func requestStop(of ref: AttemptRef) {
        let connection = state.withLock { $0.requestStop(of: ref) }
        connection?.send(.stopRequested(ref))
    }

    /// Runs one attempt to its end as the agent reports it, or until `abandon`. Not cancellable on purpose: only the
    /// facts of an exit end an attempt.
    package func run(_ request: RunRequest, observer: any AttemptObserver) async -> ExitRecord.End {
        let end = OneShot<ExitRecord.End>()
        if state.withLock({ $0.isDetached }) { return .detached }
        // Noted under the same lock that publishes a connection, so that a reconnect right now sees the attempt.
        let connection = state.withLock { $0.begin(request.attempt, observer, end) }
        if let connection {
            connection.send(.run(request))
            // A request that came before it was about nothing the agent knew.
            state.withLock { $0.stopConnection(of: request.attempt) }?.send(.stopRequested(request.attempt))
        } else {
            end.set(.workerLost(WorkerLoss(observation: "the agent was not connected when the task was to start")))
        }
        return await finish(end)
    }

    /// Goes on with an attempt that another supervisor began and of which everything below `offset` is kept, as `run` does.
    /// `noted` is called once the attempt is known here, so that its agent may be welcomed.
    package func resume(
        _ ref: AttemptRef, from offset: UInt64, observer: any AttemptObserver, noted: @Sendable () -> Void
    ) async -> ExitRecord.End {
        let end = OneShot<ExitRecord.End>()
        let loss = state.withLock { state in
            _ = state.begin(ref, observer, end, from: offset)
            return state.loss
        }
        // Its container may have ended while it was decided.
        if let loss { end.set(.workerLost(loss)) }
        noted()
        return await finish(end)
    }

    private func finish(_ end: OneShot<ExitRecord.End>) async -> ExitRecord.End {
        let result = await end.value()
        state.withLock { $0.active = nil }
        return result
    }

    /// Ends the attempt that runs, if any, because its worker is gone.
    package func abandon(_ loss: WorkerLoss) {
        let end = state.withLock { state in
            state.loss = loss
            return state.active?.end
        }
        end?.set(.workerLost(loss))
    }

    /// Lets go of the agent and of what it runs, for another supervisor to go on with: from now on nothing is said to it,
    /// nothing of it is taken, and the connection ends.
    package func detach() {
        let (end, connection) = state.withLock { state in
            state.isDetached = true
            return (state.active?.end, state.connection)
        }
        end?.set(.detached)
        connection?.close()
    }

    // MARK: One connection

    private func serve(_ channel: any Channel) async {
        do {
            let peer = try await PeerCredentials.of(channel)
            guard mayConnect(peer.pid) else {
                logger.warning(
                    "refused a connection to a worker's socket from another process",
                    metadata: ["worker.id": "\(workerID)", "process.pid": "\(peer.pid)"])
                return channel.close(promise: nil)
            }
            // A peer that says nothing loses its connection, and with it the wait for its hello.
            let patience = channel.eventLoop.scheduleTask(in: .seconds(Self.handshakeLimit.components.seconds)) {
                channel.close(promise: nil)
            }
            try await AgentConnection.open(channel).executeThenClose { inbound, _ in
                let connection = AgentConnection(channel: channel)
                var messages = AgentMessages(inbound: inbound).makeAsyncIterator()
                guard case .hello(let hello)? = try await messages.next(), hello.workerID == workerID else { return }
                guard hello.version == AgentProtocol.version else { return gate?.note(hello) ?? () }
                patience.cancel()
                if let gate {
                    state.withLock { $0.meet(pid: peer.pid) }
                    if await !gate.passes(hello) { return }
                }
                try await converse(&messages, connection, hello, peer)
            }
        } catch {
            channel.close(promise: nil)
            logger.debug(
                "agent connection ended", metadata: ["worker.id": "\(workerID)", "error.message": "\(error)"])
        }
    }

    private func converse(
        _ messages: inout AgentMessages.Iterator, _ connection: AgentConnection, _ hello: Hello, _ peer: PeerCredentials
    ) async throws {
        if state.withLock({ $0.isDetached }) { return connection.close() }
        connection.send(
            .welcome(
                Welcome(
                    heartbeatSeconds: heartbeat / .seconds(1), orphanSeconds: orphanTimeout.map { $0 / .seconds(1) },
                    takesMemoryKills: true, takesCheckpoints: true)))
        let greeting = state.withLock { $0.accept(connection, hello, pid: peer.pid) }
        // In this order: the agent forgets what nobody waits for before it can be given anything new.
        for message in greeting.answers { connection.send(message) }
        // With another agent the worker is lost: its attempt ends with what is found out about that.
        if !greeting.isOtherAgent {
            greeting.orphan?.set(.workerLost(WorkerLoss(observation: "the agent came back without the task")))
        }
        greeting.replaced?.close()
        arrived.set(())
        eventSink.yield(greeting.isOtherAgent ? .agentReplaced : .connected)
        defer {
            if state.withLock({ $0.leave(greeting.generation) }) { eventSink.yield(.disconnected) }
        }
        while let message = try await messages.next() {
            // Handling may wait for a slow reader of the output; that is not the agent's silence.
            state.withLock { $0.hear(isHandling: true) }
            await handle(message, connection)
            state.withLock { $0.hear(isHandling: false) }
        }
    }

    private func handle(_ message: AgentMessage, _ connection: AgentConnection) async {
        if state.withLock({ $0.isDetached }) { return }
        switch message {
        case .hello, .pong:
            break
        case .started(let started):
            guard let active = active(started.attempt) else { return }
            await active.observer.attemptStarted(atNanos: started.startedAtNanos)
        case .output(let chunk):
            await take(chunk, connection)
        case .progress(let progress):
            await active(progress.attempt)?.observer.attemptProgress(
                percent: progress.percent, message: progress.message)
        case .exited(let exited):
            await finish(exited, connection)
        case .refused(let refused):
            active(refused.attempt)?.end.set(.refused(refused.reason))
        case .checkpoint(let save):
            pass(save)
        case .memoryKills(let kills):
            state.withLock { $0.outlived(kills) }
        case .log(let entry):
            logger.log(
                level: entry.level.loggerLevel, "agent says",
                metadata: ["worker.id": "\(workerID)", "agent.message": "\(entry.message)"])
        }
    }

    /// Passes a checkpoint on, and its answer back on whatever connection there is by then: an agent that has heard no answer
    /// sends it again.
    private func pass(_ save: CheckpointSave) {
        guard let active = active(save.attempt) else {
            return send(
                .checkpointAnswer(
                    CheckpointAnswer(
                        token: save.attempt.token, number: save.number, verdict: .stale,
                        message: "the attempt is not this supervisor's any more")))
        }
        active.observer.attemptCheckpoint(save) { self.send(.checkpointAnswer($0)) }
    }

    private func active(_ ref: AttemptRef) -> AgentLinkState.Active? {
        state.withLock { state in state.active?.ref == ref ? state.active : nil }
    }

    private func take(_ chunk: OutputChunk, _ connection: AgentConnection) async {
        let taken = state.withLock { state in
            let arrival = state.active?.flow.take(start: chunk.offset, count: chunk.bytes.count)
            return state.active.flatMap { active in arrival.map { (active, $0) } }
        }
        guard let (active, arrival) = taken else { return }
        if arrival.lost > 0 { await active.observer.attemptOutputLost(bytes: arrival.lost, before: chunk.offset) }
        guard arrival.duplicate < chunk.bytes.count else { return }
        let safe = await active.observer.attemptOutput(
            chunk.stream, chunk.bytes.dropFirst(arrival.duplicate), at: chunk.offset + UInt64(arrival.duplicate))
        if let offset = state.withLock({ $0.isDetached ? nil : $0.active?.flow.acknowledge(safe: safe) }) {
            connection.send(.outputAck(OutputAck(token: active.ref.token, offset: offset)))
        }
    }

    private func finish(_ exited: Exited, _ connection: AgentConnection) async {
        guard let active = active(exited.attempt) else {
            // Of an attempt this supervisor gave up. Let the agent forget it.
            return connection.send(.forget(exited))
        }
        let lost = state.withLock { $0.active?.flow.finish(at: exited.outputBytes) ?? 0 }
        if lost > 0 { await active.observer.attemptOutputLost(bytes: lost, before: exited.outputBytes) }
        active.end.set(.reported(exited))
    }
}

extension AgentLog.Level {
    fileprivate var loggerLevel: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
