import Foundation
import Testing

@testable import Supervisor

/// A log as it lies on the disk, taken apart.
struct LogReader {
    /// Every entry; one that can't be parsed fails the test.
    let entries: [ContainerLogFormat.Entry]

    init(_ path: String) throws {
        let data = try #require(FileManager.default.contents(atPath: path), "no log at \(path)")
        var lines = [UInt8](data).split(separator: 0x0a, omittingEmptySubsequences: false)
        try #require(lines.popLast()?.isEmpty == true, "the log ends within an entry")
        entries = try lines.map {
            let start = String(decoding: $0.prefix(100), as: UTF8.self)
            return try #require(ContainerLogFormat.parse($0), "not an entry: \(start)")
        }
    }

    /// The bytes of one stream without acode's own markers.
    func bytes(_ stream: ContainerLogFormat.Stream = .standardOutput) -> [UInt8] {
        entries.filter { $0.stream == stream && !Self.isMarker($0) }.flatMap(\.bytes)
    }

    /// acode's own words, in their order.
    var markers: [String] {
        entries.filter(Self.isMarker).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    private static func isMarker(_ entry: ContainerLogFormat.Entry) -> Bool {
        entry.stream == .standardError
            && (entry.bytes == [0x0a] || String(decoding: entry.bytes, as: UTF8.self).hasPrefix("[acode: "))
    }

    /// The index of the last entry that says `words`.
    func place(ofMarker words: String) -> Int? {
        entries.lastIndex { Self.isMarker($0) && String(decoding: $0.bytes, as: UTF8.self).contains(words) }
    }

    /// The number in the only marker that says `words`.
    func count(inMarker words: String) throws -> UInt64 {
        try #require(counts(inMarkers: words).count == 1, "\(markers)")
        return counts(inMarkers: words)[0]
    }

    /// The numbers in all markers that say `words`.
    func counts(inMarkers words: String) -> [UInt64] {
        markers.filter { $0.contains(words) }.compactMap {
            $0.dropFirst("[acode: ".count).split(separator: " ").first.flatMap { UInt64($0) }
        }
    }
}
