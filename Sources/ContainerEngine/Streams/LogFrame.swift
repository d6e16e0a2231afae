/// A piece of a container's output. Its edges mean nothing: lines may be split and joined.
package struct LogFrame: Sendable, Equatable {
    /// Where the container wrote it.
    package enum Stream: UInt8, Sendable {
        case stdout = 1
        case stderr = 2
    }

    /// Where the container wrote it.
    package let stream: Stream
    /// The bytes, exactly.
    package let bytes: [UInt8]

    /// Makes a frame.
    package init(stream: Stream, bytes: [UInt8]) {
        self.stream = stream
        self.bytes = bytes
    }
}
