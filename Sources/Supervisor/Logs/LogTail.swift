internal import Glibc

/// The end of an attempt's log.
enum LogTail {
    /// How much of the file is looked at, in bytes.
    static let length = 64 << 10

    /// What was printed last to standard output, then what was printed last to standard error; empty when the log can't be
    /// read. Blocks.
    static func text(of path: String) -> String {
        let lines = last(length, of: path).split(separator: UInt8(ascii: "\n"))
        var streams: [ContainerLogFormat.Stream: [UInt8]] = [:]
        // Of the first line the beginning may be missing: then it is no entry.
        for entry in lines.compactMap(ContainerLogFormat.parse) {
            streams[entry.stream, default: []] += entry.bytes
        }
        return [ContainerLogFormat.Stream.standardOutput, .standardError].compactMap { streams[$0] }
            .map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
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
            let got = piece.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, offset) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            content += piece[..<got]
            offset += off_t(got)
        }
        return content
    }
}
