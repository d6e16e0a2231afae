/// Cuts the engine's multiplexed stream (`[stream, 0, 0, 0, length as UInt32 big-endian][bytes]`) into frames, whatever the
/// pieces it arrives in.
///
/// A pure value: `append` bytes, then `next` until it returns nil. A byte is copied at most twice. After an error it
/// stays failed, because nothing tells where the next frame begins.
package struct LogFrameDecoder: Sendable {
    /// Why a stream is no multiplexed stream.
    package struct Malformed: Error, Equatable, CustomStringConvertible {
        /// What was found.
        package let description: String
    }

    /// Frames larger than this are garbage: engines send at most some tens of kilobytes.
    package static let largestFrame = 64 << 20
    static let headerLength = 8

    private var buffer: [UInt8] = []
    private var start = 0
    private var failure: Malformed?

    /// Makes a decoder at the beginning of a stream.
    package init() {}

    /// Bytes that wait for the rest of their frame or to be taken.
    package var bufferedCount: Int { buffer.count - start }

    /// Adds bytes.
    package mutating func append(_ bytes: [UInt8]) {
        if start == buffer.count {
            buffer = bytes
        } else {
            buffer.removeSubrange(..<start)
            buffer.append(contentsOf: bytes)
        }
        start = 0
    }

    /// The next frame, `nil` when more bytes are needed.
    ///
    /// Whole frames of one stream that follow each other are joined up to `joining` bytes, which saves work with
    /// containers that write short lines; 0 gives them one by one.
    package mutating func next(joining: Int = 0) throws(Malformed) -> LogFrame? {
        guard let first = try header() else { return nil }
        guard bufferedCount >= Self.headerLength + first.length else { return nil }
        var bytes = Array(buffer[(start + Self.headerLength)..<(start + Self.headerLength + first.length)])
        start += Self.headerLength + first.length
        while joining > bytes.count {
            // A broken header that follows is reported by the next call; what came before it is not lost.
            guard let next = try? header(), next.stream == first.stream, bytes.count + next.length <= joining,
                bufferedCount >= Self.headerLength + next.length
            else { break }
            bytes.append(contentsOf: buffer[(start + Self.headerLength)..<(start + Self.headerLength + next.length)])
            start += Self.headerLength + next.length
        }
        return LogFrame(stream: first.stream, bytes: bytes)
    }

    /// What there is of a frame that the end of the stream cut, without its header; then the decoder is empty.
    package mutating func takeCutFrame() -> LogFrame? {
        defer {
            buffer = []
            start = 0
        }
        guard let header = try? header(), bufferedCount > Self.headerLength else { return nil }
        return LogFrame(stream: header.stream, bytes: Array(buffer[(start + Self.headerLength)...]))
    }

    private mutating func header() throws(Malformed) -> (stream: LogFrame.Stream, length: Int)? {
        if let failure { throw failure }
        guard bufferedCount >= Self.headerLength else { return nil }
        func fail(_ reason: String) -> Malformed {
            let malformed = Malformed(description: reason)
            failure = malformed
            return malformed
        }
        // 0 is stdin, which engines echo among stdout.
        guard let stream = LogFrame.Stream(rawValue: max(1, buffer[start])), buffer[start + 1] == 0,
            buffer[start + 2] == 0, buffer[start + 3] == 0
        else { throw fail("the output stream has no frame header where one must be") }
        let length = buffer[(start + 4)..<(start + 8)].reduce(0) { $0 << 8 | Int($1) }
        guard length <= Self.largestFrame else { throw fail("the output stream announces a frame of \(length) bytes") }
        return (stream, length)
    }
}
