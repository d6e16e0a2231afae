internal import Foundation
internal import Glibc

/// A file of records that is only added to. What was written is in the kernel's hands, so it outlives a killed process.
final class HistoryFile {
    private let descriptor: Int32

    /// Opens the file, and makes it when it isn't there.
    init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw BenchFailure("can't open \(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Adds records by one write, before anything else happens.
    func add(_ records: [HistoryRecord]) throws {
        guard !records.isEmpty else { return }
        let bytes = Array(records.map { $0.line + "\n" }.joined().utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            throw BenchFailure("can't write a history: \(String(cString: strerror(errno)))")
        }
    }

    /// How many bytes a file has; none when there is no file.
    static func size(_ path: String) -> UInt64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.uint64Value ?? 0
    }

    /// Reads the whole lines of a file from a place in it, which must be where a line begins; none when there is no file.
    static func read(_ path: String, from place: UInt64 = 0) -> [HistoryRecord] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        guard (try? file.seek(toOffset: place)) != nil, let data = try? file.readToEnd() else { return [] }
        let text = String(decoding: data, as: UTF8.self)
        let end = text.lastIndex(of: "\n") ?? text.startIndex
        return text[..<end].split(separator: "\n").compactMap(HistoryRecord.init(line:))
    }
}
