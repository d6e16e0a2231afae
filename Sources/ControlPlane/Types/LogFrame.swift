/// A piece of a worker's own output on the wire: one byte for the stream (1 stdout, 2 stderr), three zero bytes, the
/// length as four bytes, most significant first, then the bytes. It is the framing the Docker Engine API uses.
package struct LogFrame: Sendable, Equatable {
    /// Which stream it came from.
    package enum Stream: UInt8, Sendable {
        case standardOutput = 1
        case standardError = 2
    }

    /// The largest payload that is written or accepted, in bytes.
    package static let largestPayload = 1 << 20
    static let headSize = 8

    /// The stream.
    package var stream: Stream
    /// The bytes.
    package var bytes: [UInt8]

    /// Makes a piece.
    package init(stream: Stream, bytes: [UInt8]) {
        self.stream = stream
        self.bytes = bytes
    }

    /// The piece as bytes for the wire; a large one is cut into several frames.
    func encoded() -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + Self.headSize)
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.largestPayload)
            rest = rest.dropFirst(part.count)
            result += [stream.rawValue, 0, 0, 0]
            withUnsafeBytes(of: UInt32(part.count).bigEndian) { result.append(contentsOf: $0) }
            result += part
        }
        return result
    }
}

/// Puts frames together from bytes that come in any pieces.
struct LogFrameDecoder {
    /// The bytes are not frames.
    struct Malformed: Error, Equatable {}

    private var buffer: [UInt8] = []

    /// Whether bytes of an incomplete frame are left.
    var isMidFrame: Bool { !buffer.isEmpty }

    /// Takes more bytes and returns the frames that are complete now.
    mutating func feed(_ bytes: [UInt8]) throws(Malformed) -> [LogFrame] {
        buffer += bytes
        var frames: [LogFrame] = []
        var start = 0
        while buffer.count - start >= LogFrame.headSize {
            guard let stream = LogFrame.Stream(rawValue: buffer[start]) else { throw Malformed() }
            let length = buffer[(start + 4)..<(start + 8)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= LogFrame.largestPayload else { throw Malformed() }
            let end = start + LogFrame.headSize + length
            guard buffer.count >= end else { break }
            frames.append(LogFrame(stream: stream, bytes: Array(buffer[(start + LogFrame.headSize)..<end])))
            start = end
        }
        buffer.removeSubrange(..<start)
        return frames
    }
}
