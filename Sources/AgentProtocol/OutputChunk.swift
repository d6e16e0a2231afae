/// A piece of an attempt's output.
///
/// Offsets count the bytes of both streams together, from 0 at each attempt, in the order the agent read them. After a
/// reconnect the agent sends again whatever was not acknowledged, so a receiver skips bytes below the offset it already
/// has; a jump forward means the bytes between were dropped.
package struct OutputChunk: Hashable, Sendable {
    /// Bytes in front of the data in an `output` payload: the stream and a big-endian 64-bit offset.
    package static let headerLength = 9

    /// Which of the two streams a piece of output belongs to.
    package enum Stream: UInt8, Sendable {
        case standardOutput = 1
        case standardError = 2
    }

    /// The stream the bytes were written to.
    package var stream: Stream
    /// Offset of the first byte.
    package var offset: UInt64
    /// The bytes, exactly as written.
    package var bytes: ArraySlice<UInt8>

    /// Makes a piece.
    package init(stream: Stream, offset: UInt64, bytes: ArraySlice<UInt8>) {
        self.stream = stream
        self.offset = offset
        self.bytes = bytes
    }

    /// Offset after the last byte.
    package var endOffset: UInt64 { offset + UInt64(bytes.count) }

    /// The bytes of a whole `output` frame except the data itself; what an agent writes ahead of data it holds elsewhere.
    package static func frameHeader(stream: Stream, offset: UInt64, count: Int) -> [UInt8] {
        var header: [UInt8] = []
        header.reserveCapacity(Frame.headerLength + headerLength)
        FrameEncoder.append(UInt32(headerLength + count), to: &header)
        header.append(AgentMessage.Kind.output.rawValue)
        header.append(stream.rawValue)
        FrameEncoder.append(offset, to: &header)
        return header
    }

    init(payload: [UInt8]) throws(AgentProtocolError) {
        guard let first = payload.first, let stream = Stream(rawValue: first),
            let offset = FrameEncoder.read(UInt64.self, from: payload.dropFirst()),
            offset <= UInt64.max - UInt64(AgentProtocol.maximumPayload)
        else { throw AgentProtocolError(.malformedPayload, "output without a valid stream and offset") }
        self.init(stream: stream, offset: offset, bytes: payload[Self.headerLength...])
    }
}
