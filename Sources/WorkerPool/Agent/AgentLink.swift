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

    /// An attempt under way.
    private struct Active {
        let ref: AttemptRef
        let observer: any AttemptObserver
        let end: OneShot<ExitRecord.End>
        var flow = AttemptFlow()
    }

    private struct State {
        var connection: AgentConnection?
        var generation = 0
        var bootID: String?
        var agentPID: Int32?
        var active: Active?
        var lastHeard = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let arrived = OneShot<Void>()
    private let socketPath: String
    private let workerID: String
    private let heartbeat: Duration
    private let mayConnect: @Sendable (_ pid: Int32) -> Bool
    private let logger: Logger
    private let eventSink: AsyncStream<Event>.Continuation

    /// What happens on the link, oldest dropped beyond 64: only the newest facts matter.
    package let events: AsyncStream<Event>

    /// Makes a link. `mayConnect` judges a peer by its pid on this host (0: not visible).
    package init(
        socketPath: String, workerID: String, heartbeat: Duration, logger: Logger,
        mayConnect: @escaping @Sendable (_ pid: Int32) -> Bool
    ) {
        self.socketPath = socketPath
        self.workerID = workerID
        self.heartbeat = heartbeat
        self.logger = logger
        self.mayConnect = mayConnect
        (events, eventSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    /// Listens until the task is cancelled. `listening` is called once the socket can be connected to.
    ///
    /// - Throws: what `bind(2)` said, also for a path over 107 bytes.
    package func serve(listening: @escaping @Sendable () -> Void) async throws {
        let accepted = AcceptedChannels()
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

    /// When the agent last said anything.
    package var lastHeard: ContinuousClock.Instant { state.withLock { $0.lastHeard } }

    /// The agent's pid on this host, once it connected and where it can be seen.
    package var agentPID: Int32? { state.withLock { $0.agentPID } }

    /// Waits for the first connection; returns early when the task is cancelled.
    package func waitUntilConnected() async { _ = await arrived.wait() }

    /// Whether an agent is connected.
    package var isConnected: Bool { state.withLock { $0.connection != nil } }

    /// The attempt that runs.
    package var currentAttempt: AttemptRef? { state.withLock { $0.active?.ref } }

    /// Sends one message if the agent is connected. Returns false if it is not or the connection breaks.
    @discardableResult
    package func send(_ message: SupervisorMessage) async -> Bool {
        guard let connection = state.withLock({ $0.connection }) else { return false }
        do {
            try await connection.send(message)
            return true
        } catch {
            return false
        }
    }

    /// Runs one attempt to its end as the agent reports it, or until `abandon`.
    package func run(_ request: RunRequest, observer: any AttemptObserver) async -> ExitRecord.End {
        let end = OneShot<ExitRecord.End>()
        state.withLock { $0.active = Active(ref: request.attempt, observer: observer, end: end) }
        if await !send(.run(request)) {
            end.set(.workerLost(WorkerLoss(observation: "the agent was not connected when the task was to start")))
        }
        // Not cancellable on purpose: only the facts of an exit end an attempt.
        let result = await end.value()
        state.withLock { $0.active = nil }
        return result
    }

    /// Ends the attempt that runs, if any, because its worker is gone.
    package func abandon(_ loss: WorkerLoss) {
        state.withLock { $0.active?.end }?.set(.workerLost(loss))
    }

    // MARK: One connection

    private func serve(_ channel: any Channel) async {
        do {
            let peer = try await PeerCredentials.of(channel)
            try await AgentConnection.open(channel).executeThenClose { inbound, outbound in
                guard mayConnect(peer.pid) else {
                    logger.warning(
                        "refused a connection to a worker's socket from another process",
                        metadata: ["worker.id": "\(workerID)", "process.pid": "\(peer.pid)"])
                    return
                }
                try await converse(AgentMessages(inbound: inbound), AgentConnection(outbound: outbound), peer)
            }
        } catch {
            channel.close(promise: nil)
            logger.debug(
                "agent connection ended", metadata: ["worker.id": "\(workerID)", "error.message": "\(error)"])
        }
    }

    private func converse(
        _ messages: AgentMessages, _ connection: AgentConnection, _ peer: PeerCredentials
    ) async throws {
        var iterator = messages.makeAsyncIterator()
        guard case .hello(let hello)? = try await iterator.next(), hello.version == AgentProtocol.version,
            hello.workerID == workerID
        else { return }
        try await connection.send(.welcome(Welcome(heartbeatSeconds: heartbeat / .seconds(1))))
        let (generation, isReplacement) = state.withLock { state in
            let isReplacement = state.bootID.map { $0 != hello.bootID } ?? false
            state.bootID = hello.bootID
            state.generation += 1
            state.connection = connection
            state.agentPID = peer.pid > 0 ? peer.pid : nil
            state.lastHeard = .now
            return (state.generation, isReplacement)
        }
        arrived.set(())
        eventSink.yield(isReplacement ? .agentReplaced : .connected)
        defer {
            let wasCurrent = state.withLock { state in
                guard state.generation == generation else { return false }
                state.connection = nil
                return true
            }
            if wasCurrent { eventSink.yield(.disconnected) }
        }
        while let message = try await iterator.next() {
            state.withLock { $0.lastHeard = .now }
            try await handle(message, connection)
        }
    }

    private func handle(_ message: AgentMessage, _ connection: AgentConnection) async throws {
        switch message {
        case .hello, .pong:
            break
        case .started(let started):
            guard let active = active(started.attempt) else { return }
            await active.observer.attemptStarted(atNanos: started.startedAtNanos)
        case .output(let chunk):
            try await take(chunk, connection)
        case .progress(let progress):
            await active(progress.attempt)?.observer.attemptProgress(
                percent: progress.percent, message: progress.message)
        case .exited(let exited):
            await finish(exited)
        case .refused(let refused):
            active(refused.attempt)?.end.set(.refused(refused.reason))
        case .log(let entry):
            logger.log(
                level: entry.level.loggerLevel, "agent says",
                metadata: ["worker.id": "\(workerID)", "agent.message": "\(entry.message)"])
        }
    }

    private func active(_ ref: AttemptRef) -> Active? {
        state.withLock { state in state.active?.ref == ref ? state.active : nil }
    }

    private func take(_ chunk: OutputChunk, _ connection: AgentConnection) async throws {
        let taken = state.withLock { state in
            let arrival = state.active?.flow.take(start: chunk.offset, count: chunk.bytes.count)
            return state.active.flatMap { active in arrival.map { (active, $0) } }
        }
        guard let (active, arrival) = taken else { return }
        if arrival.lost > 0 { await active.observer.attemptOutputLost(bytes: arrival.lost) }
        if arrival.duplicate < chunk.bytes.count {
            await active.observer.attemptOutput(chunk.stream, chunk.bytes.dropFirst(arrival.duplicate))
        }
        if let offset = arrival.acknowledge {
            try await connection.send(.outputAck(OutputAck(token: active.ref.token, offset: offset)))
        }
    }

    private func finish(_ exited: Exited) async {
        guard let active = active(exited.attempt) else {
            // An exit nobody waits for: of an attempt this supervisor gave up. Let the agent forget it.
            await send(.outputAck(OutputAck(token: exited.attempt.token, offset: exited.outputBytes, exited: true)))
            return
        }
        let lost = state.withLock { $0.active?.flow.finish(at: exited.outputBytes) ?? 0 }
        if lost > 0 { await active.observer.attemptOutputLost(bytes: lost) }
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
