internal import Glibc
package import Logging
internal import NIOCore
internal import NIOPosix
package import TaskModel

/// The way out of one worker: an HTTP proxy on a Unix socket that connects where the policy permits and nowhere else.
///
/// What it carries is not looked into: a tunnel to a permitted host and port is the worker's own affair. All waits have
/// deadlines, all buffers and numbers are bounded (`ProxyLimits`); a slow reader slows its writer.
package final class EgressGate: Sendable {
    private let connector: UpstreamConnector
    private let policyName: String
    private let limits: ProxyLimits
    private let budget: ConnectionBudget
    private let observer: any EgressObserver
    private let logger: Logger
    private let metrics = EgressMetrics.shared

    /// Makes a gate; nothing listens before `serve`.
    ///
    /// - Parameters:
    ///   - policy: what decides about names, and about addresses that are asked for.
    ///   - addressPolicy: what decides about the addresses that permitted names lead to.
    ///   - policyName: how refusals call the policy.
    package convenience init(
        policy: EgressPolicy, addressPolicy: EgressPolicy, policyName: String,
        resolver: any NameResolver = SystemResolver(), observer: any EgressObserver, logger: Logger
    ) {
        self.init(
            policy: policy, addressPolicy: addressPolicy, policyName: policyName, resolver: resolver,
            limits: ProxyLimits(), observer: observer, logger: logger)
    }

    init(
        policy: EgressPolicy, addressPolicy: EgressPolicy? = nil, policyName: String = EgressPolicy.poolName,
        resolver: any NameResolver, limits: ProxyLimits, observer: any EgressObserver, logger: Logger,
        budget: ConnectionBudget = .shared
    ) {
        connector = UpstreamConnector(
            policy: policy, addressPolicy: addressPolicy ?? policy, resolver: resolver, limits: limits)
        self.policyName = policyName
        self.limits = limits
        self.budget = budget
        self.observer = observer
        self.logger = logger
    }

    /// Listens until the task is cancelled; then every connection is closed. Whoever reaches the socket may use it.
    ///
    /// - Throws: what `bind(2)` said.
    package func serve(socketPath: String) async throws {
        let accepted = OpenConnections(limit: limits.connections, budget: budget) { [logger] open in
            logger.warning(
                "a worker has too many connections open at once; those beyond are closed",
                metadata: [
                    "egress.connections": "\(open)",
                    "hint": "the supervisor's limit of open files (ulimit -n) gives all workers together the more",
                ])
        }
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(unixDomainSocketPath: socketPath, cleanupExistingSocketFile: true) { channel in
                accepted.add(channel)
                return channel.eventLoop.makeCompletedFuture {
                    do {
                        try channel.pipeline.syncOperations.addHandler(EarlyBytes())
                    } catch {
                        accepted.remove(channel)
                        throw error
                    }
                    return channel
                }
            }
        // The worker's user is another than the supervisor's; a 0700 directory above keeps everyone else out.
        chmod(socketPath, 0o666)
        defer { accepted.closeAll() }
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    group.addTask {
                        await self.serve(connection)
                        accepted.remove(connection)
                    }
                }
            }
        }
    }

    private func serve(_ channel: any Channel) async {
        do {
            let client = try await channel.eventLoop.submit {
                let wrapped = try ProxyChannel.wrapping(channel, idle: self.limits.idle)
                try channel.pipeline.syncOperations.handler(type: EarlyBytes.self).open()
                channel.setOption(.autoRead, value: true).whenComplete { _ in }
                return wrapped
            }.get()
            try await client.executeThenClose { inbound, _ in
                var incoming = inbound.makeAsyncIterator()
                try await converse(&incoming, channel)
            }
        } catch {
            // Whoever hangs up in the middle, or is too slow, has nothing to be told.
            channel.close(promise: nil)
        }
    }

    private typealias Incoming = NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator

    private func converse(_ incoming: inout Incoming, _ channel: any Channel) async throws {
        let patience = channel.eventLoop.scheduleTask(in: limits.head) { channel.close(promise: nil) }
        do throws(ProxyRefusal) {
            guard let (head, rest) = try await Self.head(&incoming) else { return }
            patience.cancel()
            let request = try ProxyRequest(head: head)
            let upstream = try await connect(request)
            await relay(&incoming, channel, upstream, request, rest)
        } catch {
            patience.cancel()
            metrics.refused(error)
            try await refuse(error, &incoming, channel)
        }
    }

    private static func head(_ incoming: inout Incoming) async throws(ProxyRefusal) -> (head: [UInt8], rest: [UInt8])? {
        var reader = HeadReader()
        while let piece = try? await incoming.next(isolation: #isolation) {
            if let found = try reader.append(piece.readableBytesView) { return found }
        }
        return nil
    }

    private func connect(_ request: ProxyRequest) async throws(ProxyRefusal) -> ProxyChannel {
        do throws(UpstreamConnector.Failure) {
            return try await connector.connect(request)
        } catch {
            switch error {
            case .refused(let refusal): throw refusal
            case .denied(let reason):
                observer.egressDenied(EgressDenied(destination: request.destination, reason: reason))
                throw ProxyRefusal(.forbidden, "\(request.destination) \(reason.words(policyName))")
            }
        }
    }

    /// Answers, and reads on for a moment: a connection that is closed with unread bytes may lose its last words.
    private func refuse(
        _ refusal: ProxyRefusal, _ incoming: inout Incoming, _ channel: any Channel
    ) async throws {
        let patience = channel.eventLoop.scheduleTask(in: limits.linger) { channel.close(promise: nil) }
        defer { patience.cancel() }
        let client = ChannelWriter(channel: channel)
        try await client.write(ByteBuffer(bytes: refusal.answer))
        try await client.end()
        while try await incoming.next(isolation: #isolation) != nil {}
    }

    /// Carries bytes both ways until both sides have ended, or one breaks.
    private func relay(
        _ incoming: inout Incoming, _ channel: any Channel, _ upstream: ProxyChannel,
        _ request: ProxyRequest, _ rest: [UInt8]
    ) async {
        metrics.connected()
        let client = ChannelWriter(channel: channel)
        let server = ChannelWriter(channel: upstream.channel)
        do {
            try await upstream.executeThenClose { fromServer, _ in
                await withDiscardingTaskGroup { group in
                    group.addTask {
                        do {
                            if request.head == nil {
                                try await client.write(
                                    ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n"))
                            }
                            for try await piece in fromServer {
                                self.metrics.received(piece.readableBytes)
                                try await client.write(piece)
                            }
                            try await client.end()
                        } catch {
                            // Ends the other direction too.
                            channel.close(promise: nil)
                        }
                    }
                    do {
                        var body = request.body
                        var next: ByteBuffer? = ByteBuffer(bytes: rest)
                        if let head = request.head { try await server.write(ByteBuffer(bytes: head)) }
                        metrics.sent(request.head?.count ?? 0)
                        while let piece = next {
                            // Behind the end of a request nothing is passed on: it would be another request.
                            let belonging = try body?.take(piece.readableBytesView) ?? piece.readableBytes
                            if belonging > 0, let bytes = piece.getSlice(at: piece.readerIndex, length: belonging) {
                                metrics.sent(belonging)
                                try await server.write(bytes)
                            }
                            next = try await incoming.next(isolation: #isolation)
                        }
                        try await server.end()
                    } catch {
                        server.channel.close(promise: nil)
                    }
                }
            }
        } catch {
            // The client sees the end of its connection.
        }
    }
}
