/// Cuts a stream into lines, whatever the pieces it arrives in; for one JSON value a line. A pure value.
///
/// Line ends are LF or CRLF; empty lines are left out.
package struct LineDecoder: Sendable {
    /// A line longer than the limit.
    package struct TooLong: Error, Equatable, CustomStringConvertible {
        /// The limit, in bytes.
        package let limit: Int
        package var description: String { "a line is longer than \(limit) bytes" }
    }

    private let limit: Int
    private var buffer: [UInt8] = []
    private var start = 0
    /// Up to here there is no line end.
    private var searched = 0

    /// Makes a decoder for lines of at most `limit` bytes.
    package init(limit: Int = 1 << 20) {
        self.limit = limit
    }

    /// Adds bytes.
    package mutating func append(_ bytes: [UInt8]) {
        buffer.removeSubrange(..<start)
        searched -= start
        start = 0
        buffer.append(contentsOf: bytes)
    }

    /// The next whole line, `nil` when more bytes are needed.
    package mutating func next() throws(TooLong) -> [UInt8]? {
        while let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = trimmed(buffer[start..<end])
            start = end + 1
            searched = start
            guard line.count <= limit else { throw TooLong(limit: limit) }
            if !line.isEmpty { return line }
        }
        searched = buffer.count
        guard buffer.count - start <= limit else { throw TooLong(limit: limit) }
        return nil
    }

    /// A last line without an end.
    package mutating func finish() -> [UInt8]? {
        let line = trimmed(buffer[start...])
        buffer = []
        start = 0
        searched = 0
        return line.isEmpty ? nil : line
    }

    private func trimmed(_ line: ArraySlice<UInt8>) -> [UInt8] {
        Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
}
