internal import AgentProtocol
internal import NIOCore

/// One accepted connection of an agent: frames in, frames out.
struct AgentConnection: Sendable {
    typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let allocator = ByteBufferAllocator()

    /// Makes a raw channel one that tasks can read and write. Whoever calls this must use the result at once: the
    /// framework traps when it is dropped unused, which is why accepted channels are not made so any earlier.
    static func open(_ channel: any NIOCore.Channel) async throws -> Channel {
        try await channel.eventLoop.submit {
            let wrapped = try Channel(
                wrappingChannelSynchronously: channel,
                configuration: .init(inboundType: ByteBuffer.self, outboundType: ByteBuffer.self))
            channel.setOption(.autoRead, value: true).whenComplete { _ in }
            return wrapped
        }.get()
    }

    init(outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) { self.outbound = outbound }

    /// Sends one message; waits while the agent does not read. Throws when the connection is closed.
    func send(_ message: SupervisorMessage) async throws {
        let bytes = try message.encoded()
        var buffer = allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        try await outbound.write(buffer)
    }
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
