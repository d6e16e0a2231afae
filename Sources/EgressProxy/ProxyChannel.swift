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
