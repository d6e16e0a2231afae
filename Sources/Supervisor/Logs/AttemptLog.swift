internal import Foundation
internal import Glibc
internal import Synchronization
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
    private var segment: LogSegment?
    private var older: LogSegment?
    private var headBytes: UInt64 = 0
    private var unreported: UInt64 = 0
    private var summary = Summary()
    private var buffer: [UInt8] = []
    private var state = LogState(token: 0)
    private var stateFile: LogStateFile?
    /// Where the state is to be kept from the first word of it on.
    private nonisolated let statePlace = Mutex<StatePlace?>(nil)
    /// Whether the log is another process's now: what still comes, that one gets again.
    private var isLeft = false

    /// Makes the log at `path`; `cap` is the most output bytes that are kept. Nothing is created before the first call.
    package init(path: String, cap: Int) {
        self.path = path
        headLimit = UInt64(max(2, cap) / 2)
        segmentLimit = UInt64(max(4, cap) / 4)
    }

    /// Creates the file, if that has not been done; the first output and `close` do it too. A failure shows in the summary.
    package func open() {
        guard head == nil else { return }
        let directory = (path as NSString).deletingLastPathComponent
        do {
            // The directory of all logs is there but for the first time.
            if mkdir(directory, 0o700) != 0, errno == ENOENT {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
            head = try LogFile(path: path)
        } catch let error as LogFile.Errno {
            summary.problem = error.message
        } catch {
            summary.problem = error.localizedDescription
        }
    }

    private struct StatePlace {
        let path: String
        let token: Int64
    }

    /// Keeps in the file at `path` where the log stands, from the first output on, so that another process can write on
    /// after a crash. `token` is the attempt's, as its agent knows it: until then the file says nothing of this attempt.
    nonisolated func keepState(at path: String, token: Int64) {
        statePlace.withLock { $0 = StatePlace(path: path, token: token) }
    }

    /// Goes on where the process that kept its state at `path` was killed or let go, and keeps the state in the same place.
    /// Returns up to where the output was written down: nowhere when the state is not that of this attempt.
    func resume(stateAt path: String, token: Int64) -> OutputPosition {
        guard let kept = LogStateFile.load(path), kept.token == token else {
            keepState(at: path, token: token)
            save()
            return OutputPosition()
        }
        state = kept
        stateFile = LogStateFile(path: path)
        if kept.isComplete {
            summary = kept.summary
        } else {
            reopen(kept)
            save()
        }
        return kept.position
    }

    private func reopen(_ kept: LogState) {
        (headBytes, unreported, summary) = (kept.headBytes, kept.unreported, kept.summary)
        do {
            // Nothing may have been written yet, nor the file made.
            if kept.headSize > 0 { head = try LogFile(resuming: path, size: kept.headSize) }
        } catch {
            // Without its beginning the rest is still better than nothing.
            summary.unwritten += kept.headBytes
            (unreported, summary.problem) = (unreported + kept.headBytes, error.message)
        }
        older = reopened(kept.older)
        segment = reopened(kept.current)
    }

    private func reopened(_ tail: LogState.Tail?) -> LogSegment? {
        guard let tail else { return nil }
        do {
            return try LogSegment(resuming: "\(path).tail.\(tail.number)", size: tail.size, bytes: tail.bytes)
        } catch {
            // Killed between giving the file up and noting it.
            summary.leftOut += tail.bytes
            return nil
        }
    }

    private func save() {
        if let place = statePlace.withLock({ $0.take() }) {
            stateFile = LogStateFile(path: place.path)
            state.token = place.token
        }
        guard let stateFile else { return }
        state.headSize = head?.size ?? 0
        (state.headBytes, state.unreported, state.summary) = (headBytes, unreported, summary)
        state.older = older.map(Self.tail)
        state.current = segment.map(Self.tail)
        stateFile.save(state)
    }

    private static func tail(_ segment: LogSegment) -> LogState.Tail {
        LogState.Tail(number: segment.path.hasSuffix("1") ? 1 : 2, size: segment.file.size, bytes: segment.bytes)
    }

    /// Keeps the next output; after that everything up to `position` is taken care of.
    func write(_ bytes: ArraySlice<UInt8>, stream: ContainerLogFormat.Stream, upTo position: OutputPosition) {
        if isLeft { return }
        write(bytes, stream: stream)
        state.position = position
        save()
    }

    /// Marks that `bytes` of output are lost here, before `position`.
    func markLost(bytes: UInt64, upTo position: OutputPosition) {
        if isLeft { return }
        markLost(bytes: bytes)
        state.position = position
        save()
    }

    /// Closes all files as they are, for another process to write on.
    func leave() {
        save()
        isLeft = true
        for file in [head, older?.file, segment?.file] { file?.close() }
        (head, older, segment) = (nil, nil, nil)
        stateFile?.close()
        stateFile = nil
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

    /// Puts head and tail together, with a word about what is missing between them, and closes the file.
    package func close() -> Summary {
        if state.isComplete {
            head?.close()
            return summary
        }
        open()
        reportUnwritten()
        let parts = [older, segment].compactMap { $0 }
        (older, segment) = (nil, nil)
        if summary.leftOut > 0 {
            mark("\(summary.leftOut) bytes of output were left out here: the log keeps at most \(headLimit * 2) bytes")
        }
        for part in parts {
            part.file.close()
            let copied = part.read { entries in
                reportUnwritten()
                return put(entries)
            }
            if copied < part.bytes { unwritten(part.bytes - copied) }
        }
        reportUnwritten()
        // Only now: a process that is killed before has the parts put together once more.
        state.isComplete = true
        save()
        for part in parts { unlink(part.path) }
        head?.close()
        head = nil
        stateFile?.close()
        stateFile = nil
        return summary
    }

    // MARK: Writing

    private func append(_ bytes: ArraySlice<UInt8>, _ stream: ContainerLogFormat.Stream) {
        guard !bytes.isEmpty else { return }
        // While not even the marker fits, nothing may follow the gap: it would look as if nothing were missing.
        guard reportUnwritten() else { return unwritten(UInt64(bytes.count)) }
        encode(bytes, stream)
        if !put(buffer) { unwritten(UInt64(bytes.count)) }
    }

    private func encode(_ bytes: ArraySlice<UInt8>, _ stream: ContainerLogFormat.Stream) {
        buffer.removeAll(keepingCapacity: true)
        ContainerLogFormat.append(bytes, stream: stream, time: Timestamp.now(), to: &buffer)
    }

    /// Appends whole entries to the head.
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
            let room = segmentLimit - (segment?.bytes ?? 0)
            appendToSegment(rest.prefix(Int(room)), stream)
            rest = rest.dropFirst(Int(room))
        }
    }

    private func appendToSegment(_ bytes: ArraySlice<UInt8>, _ stream: ContainerLogFormat.Stream) {
        guard segment != nil, reportUnwritten() else { return unwritten(UInt64(bytes.count)) }
        encode(bytes, stream)
        do {
            try segment?.append(buffer, bytes: UInt64(bytes.count))
        } catch {
            summary.problem = error.message
            unwritten(UInt64(bytes.count))
        }
    }

    private func rotate() {
        if let full = segment {
            if let dropped = older {
                dropped.file.close()
                unlink(dropped.path)
                summary.leftOut += dropped.bytes
            }
            (older, segment) = (full, nil)
        }
        let name = older?.path == "\(path).tail.1" ? "\(path).tail.2" : "\(path).tail.1"
        do {
            segment = try LogSegment(path: name)
        } catch {
            summary.problem = error.message
        }
    }

    // MARK: Markers

    private func unwritten(_ count: UInt64) {
        summary.unwritten += count
        unreported += count
    }

    /// Once writing works again, says what is missing where it is missing.
    @discardableResult
    private func reportUnwritten() -> Bool {
        guard unreported > 0 else { return true }
        let problem = summary.problem ?? "the log could not be written"
        guard mark("\(unreported) bytes of output are missing here: \(problem)") else { return false }
        unreported = 0
        return true
    }

    private static let markerStart = "[acode: "

    /// Whether an entry is our own words; the one before it is the newline that they begin with.
    static func isMarker(_ entry: ContainerLogFormat.Entry) -> Bool {
        entry.stream == .standardError && entry.bytes.starts(with: markerStart.utf8)
            && entry.bytes.suffix(2).elementsEqual("]\n".utf8)
    }

    /// Writes words of our own where the next output would go. Returns whether that worked.
    @discardableResult
    private func mark(_ words: String) -> Bool {
        encode(Array("\n\(Self.markerStart)\(words)]\n".utf8)[...], .standardError)
        guard segment != nil else { return put(buffer) }
        do {
            try segment?.append(marker: buffer)
            return true
        } catch {
            summary.problem = error.message
            return false
        }
    }
}
