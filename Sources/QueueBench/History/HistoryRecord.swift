internal import Glibc

/// One call of a supervisor, as it saw it: when it began and ended, by the clock that all processes of a host share, and
/// what it was told.
package struct HistoryRecord: Sendable, Equatable {
    /// What was called.
    package enum Kind: String, Sendable, CaseIterable {
        /// A task was accepted; written only once the store said so.
        case submit
        /// A task was leased.
        case claim
        /// A lease was to be extended.
        case renew
        /// A line was added to the timeline, which is not answered. The number is in `detail`.
        case note
        /// An end is about to be written; whoever dies now does not know whether it was. The disposition is in `detail`.
        case intend
        /// An end was written or refused.
        case finish
    }

    package var kind: Kind
    package var task: String
    package var attempt = 0
    package var token: Int64 = 0
    /// Nanoseconds.
    package var begun: Int64
    /// Nanoseconds; equal to `begun` for what is only intended.
    package var ended: Int64
    /// Whether the store did it.
    package var isAccepted = true
    package var detail = ""

    /// Makes a record.
    package init(
        _ kind: Kind, _ task: String, attempt: Int = 0, token: Int64 = 0, begun: Int64, ended: Int64,
        isAccepted: Bool = true, detail: String = ""
    ) {
        self.kind = kind
        self.task = task
        self.attempt = attempt
        self.token = token
        self.begun = begun
        self.ended = ended
        self.isAccepted = isAccepted
        self.detail = detail
    }

    /// One line, without its end.
    package var line: String {
        "\(kind.rawValue) \(task) \(attempt) \(token) \(begun) \(ended) \(isAccepted ? 1 : 0) \(detail)"
    }

    /// Reads a line; `nil` for what is none, such as the half line of a process that was killed.
    package init?(line: Substring) {
        let words = line.split(separator: " ", maxSplits: 7, omittingEmptySubsequences: false)
        guard words.count == 8, let kind = Kind(rawValue: String(words[0])), let attempt = Int(words[2]),
            let token = Int64(words[3]), let begun = Int64(words[4]), let ended = Int64(words[5]),
            words[6] == "0" || words[6] == "1"
        else { return nil }
        self.init(
            kind, String(words[1]), attempt: attempt, token: token, begun: begun, ended: ended,
            isAccepted: words[6] == "1", detail: String(words[7]))
    }
}

/// The clock of histories.
package enum HistoryClock {
    /// Nanoseconds since the host began; the same for all its processes.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
