internal import Foundation
internal import Glibc
internal import WorkerPool

/// Keeps the output of one attempt in a file of log entries: the first and the last half of the cap, with a marker that
/// counts what was left out between them.
///
/// The last half is kept in two segment files beside the log, of which the older is dropped when the newer is full, so
/// neither memory nor disk grows with the output. `close` appends them to the log.
package actor AttemptLog {
    /// What became of the output.
    package struct Summary: Sendable, Equatable {
        /// Bytes of output taken.
        package var bytes: UInt64 = 0
        /// Bytes left out because of the cap.
        package var leftOut: UInt64 = 0
        /// Bytes that could not be written.
        package var unwritten: UInt64 = 0
        /// Why they could not, in the system's words.
        package var problem: String?
    }

    private static let thread = DedicatedThread(name: "acode-logs")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { Self.thread.asUnownedSerialExecutor() }

    private let path: String
    private let headLimit: UInt64
    private let segmentLimit: UInt64
    private var head: LogFile?
    private var segment: Segment?
    private var older: Segment?
    private var headBytes: UInt64 = 0
    private var unreported: UInt64 = 0
    private var summary = Summary()
    private var buffer: [UInt8] = []

    private struct Segment {
        let path: String
        var file: LogFile
        var bytes: UInt64
    }

    /// Makes the log at `path`; `cap` is the most output bytes that are kept. Nothing is created before the first call.
    package init(path: String, cap: Int) {
        self.path = path
        headLimit = UInt64(max(2, cap) / 2)
        segmentLimit = UInt64(max(4, cap) / 4)
    }

    /// Creates the file, so that a reader finds it even if there is no output. A failure shows in the summary.
    package func open() {
        guard head == nil else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
            head = try LogFile(path: path)
        } catch let error as LogFile.Errno {
            summary.problem = error.message
        } catch {
            summary.problem = error.localizedDescription
        }
    }

    /// Keeps the next output.
    package func write(_ bytes: ArraySlice<UInt8>, stream: ContainerLogFormat.Stream) {
        summary.bytes += UInt64(bytes.count)
        let room = headLimit - min(headLimit, headBytes)
        guard UInt64(bytes.count) > room else {
            headBytes += UInt64(bytes.count)
            append(bytes, stream)
            return
        }
        let split = bytes.startIndex + Int(room)
        if room > 0 {
            headBytes += room
            append(bytes[..<split], stream)
        }
        writeTail(bytes[split...], stream)
    }

    /// Marks that `bytes` of output are lost here.
    package func markLost(bytes: UInt64) {
        mark("\(bytes) bytes of output are missing here: the supervisor was away for too long")
    }

    /// Writes what is still held back, puts head and tail together, and closes the file.
    package func close() -> Summary {
        reportUnwritten()
        if summary.leftOut > 0 {
            mark("\(summary.leftOut) bytes of output were left out here: the log keeps at most \(headLimit * 2) bytes")
        }
        for part in [older, segment].compactMap({ $0 }) {
            part.file.close()
            copyToHead(part)
            unlink(part.path)
        }
        (older, segment) = (nil, nil)
        head?.close()
        head = nil
        return summary
    }

    // MARK: Writing

    private func append(_ bytes: ArraySlice<UInt8>, _ stream: ContainerLogFormat.Stream) {
        guard !bytes.isEmpty else { return }
        reportUnwritten()
        buffer.removeAll(keepingCapacity: true)
        ContainerLogFormat.append(bytes, stream: stream, time: Timestamp.now(), to: &buffer)
        if !put(buffer) { unwritten(bytes.count) }
    }

    private func put(_ entry: [UInt8]) -> Bool {
        // Tried again each time: a full disk may have room later.
        if head == nil { open() }
        guard head != nil else { return false }
        do {
            try head?.append(entry)
            return true
        } catch {
            summary.problem = error.message
            return false
        }
    }

    /// Spreads output over segments, each filled to the byte, so that the cap holds whatever the chunks' sizes.
    private func writeTail(_ bytes: ArraySlice<UInt8>, _ stream: ContainerLogFormat.Stream) {
        var rest = bytes
        while !rest.isEmpty {
            if segment.map({ $0.bytes >= segmentLimit }) ?? true { rotate() }
            guard let segment else { return unwritten(rest.count) }
            let piece = rest.prefix(Int(segmentLimit - segment.bytes))
            appendToSegment(piece, stream)
            rest = rest.dropFirst(piece.count)
        }
    }

    private func appendToSegment(_ bytes: ArraySlice<UInt8>, _ stream: ContainerLogFormat.Stream) {
        buffer.removeAll(keepingCapacity: true)
        ContainerLogFormat.append(bytes, stream: stream, time: Timestamp.now(), to: &buffer)
        do {
            try segment?.file.append(buffer)
        } catch {
            summary.problem = error.message
            unwritten(bytes.count)
        }
        // Counted also when it could not be written: then the segment holds less, and the end is reached all the same.
        segment?.bytes += UInt64(bytes.count)
    }

    private func rotate() {
        if let dropped = older {
            dropped.file.close()
            unlink(dropped.path)
            summary.leftOut += dropped.bytes
        }
        older = segment
        let name = older?.path == "\(path).tail.1" ? "\(path).tail.2" : "\(path).tail.1"
        do {
            segment = Segment(path: name, file: try LogFile(path: name), bytes: 0)
        } catch {
            summary.problem = error.message
            segment = nil
        }
    }

    private func copyToHead(_ part: Segment) {
        guard let handle = FileHandle(forReadingAtPath: part.path) else { return unwritten(Int(part.bytes)) }
        defer { try? handle.close() }
        while let data = try? handle.read(upToCount: 1 << 20), !data.isEmpty {
            if !put([UInt8](data)) { return unwritten(Int(part.bytes)) }
        }
    }

    // MARK: Markers

    private func unwritten(_ count: Int) {
        summary.unwritten += UInt64(count)
        unreported += UInt64(count)
    }

    /// Once writing works again, says what is missing where it is missing.
    private func reportUnwritten() {
        guard unreported > 0 else { return }
        let words = "\(unreported) bytes of output are missing here: \(summary.problem ?? "the log could not be written")"
        var entry: [UInt8] = []
        ContainerLogFormat.append(Self.marker(words), stream: .standardError, time: Timestamp.now(), to: &entry)
        if put(entry) { unreported = 0 }
    }

    private func mark(_ words: String) {
        var entry: [UInt8] = []
        ContainerLogFormat.append(Self.marker(words), stream: .standardError, time: Timestamp.now(), to: &entry)
        _ = put(entry)
    }

    private static func marker(_ words: String) -> ArraySlice<UInt8> { Array("\n[acode: \(words)]\n".utf8)[...] }
}
