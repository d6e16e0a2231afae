internal import ControlPlane
internal import Foundation
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// The output of all attempts that ran on a worker, one after the other, out of their logs: for workers that are gone, and
/// for local ones, which have no output of their own.
struct WorkerHistory {
    private let layout: StateLayout
    private var attempts: [TaskAttempt]
    private var done = 0
    private var reader: LogFileReader?

    /// The worker's id.
    let worker: WorkerID

    /// Finds the worker that `text` names: its id, its container's name, or the beginning of one.
    ///
    /// - Returns: `nil` when no attempt ever ran on such a worker of this host.
    init?(_ text: String, in store: any TaskStore, layout: StateLayout) async throws {
        let prefix = text.hasPrefix(Self.namePrefix) ? String(text.dropFirst(Self.namePrefix.count)) : text
        guard !prefix.isEmpty else { return nil }
        let attempts = try await store.attempts(onWorkersWithPrefix: prefix).filter(LogPlace(layout).has)
        let workers = Set(attempts.compactMap(\.worker))
        guard let worker = workers.first else { return nil }
        guard workers.count == 1 else {
            let ids = workers.map { "  \($0)" }.sorted().prefix(20).joined(separator: "\n")
            throw CommandFailure(
                ExitCodes.failed, "\"\(text)\" is the beginning of several workers' ids:\n\(ids)",
                hint: "give more characters")
        }
        self.worker = worker
        self.attempts = attempts
        self.layout = layout
    }

    /// A worker that lives, whether or not anything ran on it yet.
    init(living worker: WorkerID, layout: StateLayout) {
        self.worker = worker
        self.layout = layout
        attempts = []
    }

    private static let namePrefix = "acode-worker-"

    /// Looks for attempts that began meanwhile.
    mutating func refresh(_ store: any TaskStore) async throws {
        attempts = try await store.attempts(onWorkersWithPrefix: worker.rawValue).filter(LogPlace(layout).has)
    }

    /// What comes next; none at the end of what there is.
    mutating func next() async -> [ContainerLogFormat.Entry] {
        while done < attempts.count {
            let attempt = attempts[done]
            let file = reader ?? LogFileReader(path: layout.log(task: attempt.taskID, attempt: attempt.attempt))
            reader = file
            let entries = await file.next()
            if !entries.isEmpty { return entries }
            // Its log was whole before the store said that it has ended.
            guard attempt.finishedAt != nil else { return [] }
            await file.end()
            reader = nil
            done += 1
        }
        return []
    }
}

/// Which entries of a log somebody wants: from a time on, and of those only the last lines.
struct LogSelection {
    private let since: String?
    private let tail: Int?
    private var kept: [ContainerLogFormat.Entry] = []
    private var keptLines = 0

    init(since: Date?, tail: Int?) {
        // Entries have their time in the same form, with more digits.
        self.since = since.map { String(StableJSON.text(of: $0).dropLast()) }
        self.tail = tail
    }

    /// The entries to show now; with a tail they are held back until `flush`.
    mutating func take(_ entries: [ContainerLogFormat.Entry]) -> [ContainerLogFormat.Entry] {
        let wanted = since.map { since in entries.filter { $0.time >= since } } ?? entries
        guard let tail else { return wanted }
        for entry in wanted {
            kept.append(entry)
            if entry.bytes.last == 0x0a { keptLines += 1 }
        }
        // Not at each entry, because removing from the front moves the rest.
        if keptLines > 2 * tail + 1000 { trim(tail) }
        return []
    }

    /// What was held back, at the end of what there is.
    mutating func flush() -> [ContainerLogFormat.Entry] {
        if let tail { trim(tail) }
        defer { kept = [] }
        return kept
    }

    private mutating func trim(_ tail: Int) {
        // A last line without an end counts as one.
        var lines = keptLines + (kept.last.map { $0.bytes.last == 0x0a ? 0 : 1 } ?? 0)
        var first = 0
        while lines > tail, first < kept.count {
            if kept[first].bytes.last == 0x0a || first == kept.count - 1 { lines -= 1 }
            first += 1
        }
        kept.removeFirst(first)
        keptLines = kept.count { $0.bytes.last == 0x0a }
    }
}

/// A moment as people name it: how long ago, or an ISO 8601 time.
enum MomentText {
    /// The moment; `nil` when the text names none.
    static func parse(_ text: String, now: Date = Date()) -> Date? {
        if let ago = DurationText.parse(text) { return now.addingTimeInterval(-ago.inSeconds) }
        return (try? Date(text, strategy: .iso8601))
            ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}
