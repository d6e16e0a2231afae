internal import NIOCore
internal import Synchronization

/// A connection of the proxy that tasks can read and write, with half-close: one side may end while the other goes on.
typealias ProxyChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

extension ProxyChannel {
    /// Wraps a channel on its event loop. Whoever gets the result must use it: the framework traps when it is dropped.
    static func wrapping(_ channel: any Channel, idle: TimeAmount?) throws -> ProxyChannel {
        if let idle {
            try channel.pipeline.syncOperations.addHandlers([IdleStateHandler(allTimeout: idle), IdleCloser()])
        }
        return try ProxyChannel(
            wrappingChannelSynchronously: channel,
            configuration: .init(
                isOutboundHalfClosureEnabled: true, inboundType: ByteBuffer.self, outboundType: ByteBuffer.self))
    }
}

/// Closes a connection on which nothing has moved for too long.
private final class IdleCloser: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}

/// The connections a proxy has accepted and that are still open.
final class OpenConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let limit: Int

    /// Keeps at most `limit` open; those beyond are closed at once.
    init(limit: Int) { self.limit = limit }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let fits = channels.withLock { channels in
            guard channels.count < limit else { return false }
            channels[id] = channel
            return true
        }
        guard fits else { return channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in self.channels.withLock { $0[id] = nil } }
    }

    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
