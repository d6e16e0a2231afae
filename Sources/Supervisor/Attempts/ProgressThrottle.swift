internal import WorkerPool

/// Lets a progress report pass when it says something new: one percent further or another message, at most one a second,
/// and the first 100 % at once. What was held back last is due when the second is over.
struct ProgressThrottle: Sendable {
    /// A report.
    typealias Report = (percent: Double?, message: String?)

    /// Time between two that pass: each is a write to the store, which many attempts share.
    static let interval = Duration.seconds(1)

    /// The newest report, when it said something new and did not pass.
    private(set) var heldBack: Report?
    /// The percentage that was reported last, whether it passed or not.
    private(set) var newestPercent: Double?
    private var lastPercent: Double?
    private var lastMessage: String?
    private var lastAt: ContinuousClock.Instant?

    mutating func passes(percent: Double?, message: String?, at now: ContinuousClock.Instant) -> Bool {
        let percent = percent.flatMap { $0.isFinite ? $0 : nil }
        newestPercent = percent ?? newestPercent
        let isFirst = lastAt == nil
        let moved = percent.map { abs($0 - (lastPercent ?? -100)) >= 1 } ?? false
        let spoke = message != lastMessage
        let completes = percent == 100 && lastPercent != 100
        guard isFirst || completes || (!isTooSoon(now) && (moved || spoke)) else {
            heldBack = spoke || (percent != nil && percent != lastPercent) ? (percent, message) : nil
            return false
        }
        note((percent, message), at: now)
        return true
    }

    /// What was held back, when it may pass now; then it has.
    mutating func due(at now: ContinuousClock.Instant) -> Report? {
        guard let heldBack, !isTooSoon(now) else { return nil }
        note(heldBack, at: now)
        return heldBack
    }

    /// What was held back and will not pass any more.
    mutating func rest() -> Report? {
        defer { heldBack = nil }
        return heldBack
    }

    private func isTooSoon(_ now: ContinuousClock.Instant) -> Bool { lastAt.map { now - $0 < Self.interval } ?? false }

    private mutating func note(_ report: Report, at now: ContinuousClock.Instant) {
        // A report without a percentage changes none.
        (lastPercent, lastMessage, lastAt, heldBack) = (report.percent ?? lastPercent, report.message, now, nil)
    }
}

/// Sees to it that the last progress of an attempt that says nothing more for a long time is known.
struct ProgressWatch: Sendable {
    let registry: AttemptRegistry

    /// Looks until the task is cancelled.
    func run() async {
        for await _ in Beats(every: ProgressThrottle.interval) {
            for attempt in registry.all { attempt.tellProgress() }
        }
    }
}
