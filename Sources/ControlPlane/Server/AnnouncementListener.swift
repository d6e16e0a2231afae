internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Hears announcements for a supervisor.
enum AnnouncementListener {
    /// Binds the socket beside `controlSocket`. The caller closes the channel; the path is removed with the lock's next
    /// owner.
    static func open(controlSocket: String, target: any ControlTarget) async throws -> any Channel {
        let path = Announcement.path(beside: controlSocket)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(target: target))
                }
            }
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
        chmod(path, 0o600)
        return channel
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let target: any ControlTarget

        init(target: any ControlTarget) { self.target = target }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            switch bytes.readInteger(as: UInt8.self).flatMap(Announcement.Kind.init) {
            case .submitted: target.wake()
            case .cancelled: target.checkLeases()
            case nil: break
            }
            context.close(promise: nil)
        }
    }
}
