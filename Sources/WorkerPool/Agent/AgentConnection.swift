internal import AgentProtocol
internal import NIOCore

/// One accepted connection of an agent: frames out.
struct AgentConnection: Sendable {
    typealias AsyncChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let channel: any Channel

    init(channel: any Channel) { self.channel = channel }

    /// Makes a raw channel one that tasks can read. Whoever calls this must use the result at once: the framework traps
    /// when it is dropped unused, which is why accepted channels are not made so any earlier.
    static func open(_ channel: any Channel) async throws -> AsyncChannel {
        try await channel.eventLoop.submit {
            let wrapped = try AsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(inboundType: ByteBuffer.self, outboundType: ByteBuffer.self))
            channel.setOption(.autoRead, value: true).whenComplete { _ in }
            return wrapped
        }.get()
    }

    /// Sends one message without waiting. A message that can't be sent shows as the connection's end.
    func send(_ message: SupervisorMessage) {
        guard let bytes = try? message.encoded() else { return close() }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// Ends the connection.
    func close() { channel.close(promise: nil) }
}

/// Cuts what arrives on a connection into messages.
struct AgentMessages: AsyncSequence {
    typealias Element = AgentMessage

    let inbound: NIOAsyncChannelInboundStream<ByteBuffer>

    struct Iterator: AsyncIteratorProtocol {
        var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        var decoder = FrameDecoder()

        mutating func next() async throws -> AgentMessage? {
            while true {
                if let frame = try decoder.next() { return try AgentMessage(frame: frame) }
                guard let buffer = try await inbound.next(isolation: #isolation) else { return nil }
                buffer.withUnsafeReadableBytes { decoder.append($0) }
            }
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(inbound: inbound.makeAsyncIterator()) }
}
