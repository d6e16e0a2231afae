internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import TaskModel

/// Finds out where a request may go, and connects there: names are looked up here and nowhere else, and what was judged is
/// what is connected to.
struct UpstreamConnector: Sendable {
    /// What decides about names, and about addresses that are asked for.
    let policy: EgressPolicy
    /// What decides about the addresses that permitted names lead to.
    let addressPolicy: EgressPolicy
    let resolver: any NameResolver
    let limits: ProxyLimits
    private let turns: LookupTurns

    init(
        policy: EgressPolicy, addressPolicy: EgressPolicy, resolver: any NameResolver, limits: ProxyLimits
    ) {
        self.policy = policy
        self.addressPolicy = addressPolicy
        self.resolver = resolver
        self.limits = limits
        turns = LookupTurns(limits.lookups)
    }

    /// Why there is no connection.
    enum Failure: Error {
        case denied(EgressPolicy.Denial)
        case refused(ProxyRefusal)
    }

    /// Judges, looks up and connects.
    func connect(_ request: ProxyRequest) async throws(Failure) -> ProxyChannel {
        let addresses: [NetworkAddress]
        switch policy.judge(host: request.host, port: request.port) {
        case .deny(let denial): throw .denied(denial)
        case .connect(let address): addresses = [address]
        case .resolve(let name):
            let found = try await lookUp(name)
            guard let first = found.first else {
                throw .refused(ProxyRefusal(.badGateway, "there is no address of \(name)"))
            }
            addresses = addressPolicy.addresses(found, port: request.port)
            if addresses.isEmpty { throw .denied(.leadsInside(first)) }
        }
        var last = ""
        for address in addresses.prefix(limits.addresses) where !Task.isCancelled {
            do {
                return try await connect(to: address, port: request.port)
            } catch {
                last = "\(error)"
            }
        }
        throw .refused(ProxyRefusal(.badGateway, "can't connect to \(request.destination): \(last)"))
    }

    /// A lookup that takes too long is left to itself: getaddrinfo(3) can't be cancelled.
    private func lookUp(_ name: String) async throws(Failure) -> [NetworkAddress] {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: [NetworkAddress].self)
        let late = ProxyRefusal(.gatewayTimeout, "looking up \(name) takes too long")
        let deadline = loop.scheduleTask(in: limits.lookup) { answer.fail(late) }
        // Not a child task: it would have to be waited for.
        let lookup = Task { [resolver, turns] in
            do {
                answer.succeed(try await turns.run { try await resolver.addresses(of: name) })
            } catch {
                answer.fail(ProxyRefusal(.badGateway, "\(name) can't be looked up: \(error)"))
            }
        }
        defer {
            deadline.cancel()
            lookup.cancel()
        }
        do {
            // Of several answers the first one counts.
            return try await withTaskCancellationHandler {
                try await answer.futureResult.get()
            } onCancel: {
                answer.fail(late)
            }
        } catch {
            throw .refused(error as? ProxyRefusal ?? late)
        }
    }

    private func connect(to address: NetworkAddress, port: Int) async throws -> ProxyChannel {
        let target = try SocketAddress(packedIPAddress: ByteBuffer(bytes: address.bytes), port: port)
        // A worker that stops must not wait for a server that does not answer: closing the channel ends its connect.
        let pending = PendingChannel()
        return try await withTaskCancellationHandler {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(limits.connect)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(to: target) { channel in
                    pending.channel.withLock { $0 = channel }
                    return channel.eventLoop.makeCompletedFuture { try ProxyChannel.wrapping(channel, idle: nil) }
                }
        } onCancel: {
            pending.channel.withLock { $0 }?.close(promise: nil)
        }
    }
}

/// A channel that is being connected.
private final class PendingChannel: Sendable {
    let channel = Mutex<(any Channel)?>(nil)
}
