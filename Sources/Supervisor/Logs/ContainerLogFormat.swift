/// The log format of the Kubernetes Container Runtime Interface: one entry a line,
/// `<RFC 3339 time> <stdout|stderr> <F|P> <bytes>`.
///
/// `F` means that a newline followed the bytes, `P` that none did (yet), so the original bytes can be put together again
/// exactly, whatever they are.
package enum ContainerLogFormat {
    /// Which stream an entry belongs to.
    package enum Stream: String, Sendable, Codable {
        case standardOutput = "stdout"
        case standardError = "stderr"
    }

    /// One entry.
    package struct Entry: Sendable, Equatable {
        /// The time as written.
        package var time: String
        /// The stream.
        package var stream: Stream
        /// The original bytes, with the newline of an `F` entry put back.
        package var bytes: [UInt8]
    }

    /// Appends `bytes` as entries to `buffer`, one for each line or piece of a line.
    package static func append(
        _ bytes: ArraySlice<UInt8>, stream: Stream, time: String, to buffer: inout [UInt8]
    ) {
        let head = Array("\(time) \(stream.rawValue) ".utf8)
        var rest = bytes
        while !rest.isEmpty {
            buffer.append(contentsOf: head)
            let newline = rest.firstIndex(of: 0x0a)
            buffer.append(newline == nil ? UInt8(ascii: "P") : UInt8(ascii: "F"))
            buffer.append(0x20)
            let end = newline ?? rest.endIndex
            buffer.append(contentsOf: rest[rest.startIndex..<end])
            buffer.append(0x0a)
            rest = newline.map { rest[($0 + 1)...] } ?? []
        }
    }

    /// Reads one line without its newline; `nil` when it is no entry.
    package static func parse(_ line: ArraySlice<UInt8>) -> Entry? {
        guard let first = line.firstIndex(of: 0x20), let second = line[(first + 1)...].firstIndex(of: 0x20),
            line.endIndex >= second + 3, line[second + 2] == 0x20,
            let stream = Stream(rawValue: String(decoding: line[(first + 1)..<second], as: UTF8.self))
        else { return nil }
        var bytes = Array(line[(second + 3)...])
        switch line[second + 1] {
        case UInt8(ascii: "F"): bytes.append(0x0a)
        case UInt8(ascii: "P"): break
        default: return nil
        }
        return Entry(time: String(decoding: line[line.startIndex..<first], as: UTF8.self), stream: stream, bytes: bytes)
    }
}
