/// Cuts a byte stream into frames, whatever the pieces it arrives in.
///
/// A pure value: give it bytes with `append`, take frames with `next` until that returns nil. Every byte is moved a
/// constant number of times. Memory is bounded by one largest frame plus what one `append` brought, as long as the
/// caller takes all frames before it appends again. After an error it stays failed: a stream has no way to find the
/// next frame again.
package struct FrameDecoder: Sendable {
    private let maximumPayload: Int
    private var buffer: [UInt8] = []
    private var start = 0
    private var failure: AgentProtocolError?

    /// Makes a decoder that accepts payloads up to `maximumPayload` bytes.
    package init(maximumPayload: Int = AgentProtocol.maximumPayload) {
        self.maximumPayload = maximumPayload
    }

    /// How many bytes wait for the rest of their frame, or to be taken with `next`.
    package var bufferedCount: Int { buffer.count - start }

    /// Adds bytes from memory that is only valid during the call.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        compact()
        buffer.append(contentsOf: bytes)
    }

    /// Adds bytes.
    package mutating func append(_ bytes: [UInt8]) {
        compact()
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame, or nil when more bytes are needed.
    ///
    /// - Throws: `payload_too_large`, as soon as the length is seen, and again on every later call.
    package mutating func next() throws(AgentProtocolError) -> Frame? {
        if let failure { throw failure }
        guard bufferedCount >= Frame.headerLength,
            let length = FrameEncoder.read(UInt32.self, from: buffer[start...])
        else { return nil }
        guard Int(length) <= maximumPayload else {
            let error = AgentProtocolError(.payloadTooLarge, "a frame announces \(length) bytes")
            failure = error
            throw error
        }
        let end = start + Frame.headerLength + Int(length)
        guard buffer.count >= end else { return nil }
        let frame = Frame(
            kind: buffer[start + Frame.headerLength - 1], payload: Array(buffer[start + Frame.headerLength..<end]))
        start = end
        return frame
    }

    /// Drops what was taken. Only when at least half of the buffer is dead, so that a byte moves at most twice.
    private mutating func compact() {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
            start = 0
        } else if start > buffer.count / 2 {
            buffer.removeSubrange(..<start)
            start = 0
        }
    }
}
