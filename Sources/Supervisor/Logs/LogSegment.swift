internal import Foundation

/// A file that holds a piece of a log's tail until the log is put together. All calls block; owned by one actor.
struct LogSegment {
    /// The file's path.
    let path: String
    /// The file.
    private(set) var file: LogFile
    /// Bytes of output in it, without what entries add and without markers.
    private(set) var bytes: UInt64 = 0
    /// Where in the file the markers are.
    private var markers: [Range<Int64>] = []

    /// Creates or empties the file.
    init(path: String) throws(LogFile.Errno) {
        self.path = path
        file = try LogFile(path: path)
    }

    /// Goes on with a file that another process began. Where its markers are is not known any more, which makes the count
    /// of what could not be copied to a full disk too large by their length.
    init(resuming path: String, size: Int64, bytes: UInt64) throws(LogFile.Errno) {
        self.path = path
        file = try LogFile(resuming: path, size: size)
        self.bytes = bytes
    }

    /// Appends whole entries that stand for `count` bytes of output.
    mutating func append(_ entries: [UInt8], bytes count: UInt64) throws(LogFile.Errno) {
        try file.append(entries)
        bytes += count
    }

    /// Appends entries that are no output.
    mutating func append(marker entries: [UInt8]) throws(LogFile.Errno) {
        let start = file.size
        try file.append(entries)
        markers.append(start..<file.size)
    }

    /// Hands all entries to `take`, whole and in pieces of bounded size, until it refuses one. Returns how many bytes of
    /// output were taken.
    func read(_ take: ([UInt8]) -> Bool) -> UInt64 {
        guard let handle = FileHandle(forReadingAtPath: path) else { return 0 }
        defer { try? handle.close() }
        var taken: UInt64 = 0
        var position: Int64 = 0
        var rest: [UInt8] = []
        while let data = try? handle.read(upToCount: 64 << 10), !data.isEmpty {
            rest += data
            guard let end = rest.lastIndex(of: 0x0a) else { continue }
            let whole = Array(rest[...end])
            guard take(whole) else { break }
            taken += output(in: whole, at: position)
            position += Int64(whole.count)
            rest.removeSubrange(...end)
        }
        return taken
    }

    private func output(in entries: [UInt8], at position: Int64) -> UInt64 {
        var offset = position
        var sum: UInt64 = 0
        for line in entries.dropLast().split(separator: 0x0a, omittingEmptySubsequences: false) {
            if !markers.contains(where: { $0.contains(offset) }) {
                sum += UInt64(ContainerLogFormat.parse(line)?.bytes.count ?? 0)
            }
            offset += Int64(line.count) + 1
        }
        return sum
    }
}
