internal import AgentProtocol
internal import Glibc

/// The end of an attempt's log.
enum LogTail {
    /// How much of the file is looked at, in bytes: room for two of the largest entries, so that with the first one cut off
    /// at least one chunk of output is there.
    static let length = 2 * (AgentProtocol.outputChunk + 1024)
    /// How much is looked at when an entry is larger than that: masks may be longer than the secrets under them.
    private static let most = 32 * length

    /// What was printed last to standard output, then what was printed last to standard error, without what acode itself says
    /// in the log; empty when the log can't be read. Blocks.
    static func text(of path: String) -> String {
        var count = length
        var content = last(count, of: path)
        let newline = UInt8(ascii: "\n")
        while content.count == count, count < most, (content.firstIndex(of: newline) ?? count) > count / 2 {
            count *= 2
            content = last(count, of: path)
        }
        var streams: [ContainerLogFormat.Stream: [UInt8]] = [:]
        // Of the first line the beginning may be missing: then it is no entry.
        for entry in content.split(separator: newline).compactMap(ContainerLogFormat.parse) {
            if AttemptLog.isMarker(entry) {
                breakLines(of: &streams)
            } else {
                streams[entry.stream, default: []] += entry.bytes
            }
        }
        return [ContainerLogFormat.Stream.standardOutput, .standardError].compactMap { streams[$0] }
            .map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }

    /// Output is missing where there is a marker, so the words before and after it must not become one. The marker began
    /// with an entry that does that for its own stream.
    private static func breakLines(of streams: inout [ContainerLogFormat.Stream: [UInt8]]) {
        let newline = UInt8(ascii: "\n")
        if streams[.standardError]?.last == newline { streams[.standardError]?.removeLast() }
        for (stream, bytes) in streams {
            if bytes.isEmpty {
                streams[stream] = nil
            } else if bytes.last != newline {
                streams[stream]?.append(newline)
            }
        }
    }

    private static func last(_ count: Int, of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        var offset = max(0, size - off_t(count))
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while content.count < count {
            let room = min(count - content.count, piece.count)
            let got = piece.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, room, offset) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            content += piece[..<got]
            offset += off_t(got)
        }
        return content
    }
}
