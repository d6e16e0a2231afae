/// Whether a worker whose output is followed may still write something. Pure.
///
/// A worker lives as long as it has a row in the store: that is written before the worker is made and removed after it is
/// gone, whichever supervisor has it. Without any supervisor it may live for `limit` at most.
struct FollowPresence {
    /// What to do now.
    enum Verdict: Equatable {
        /// Read on.
        case goOn
        /// Say that there is no supervisor, and read on.
        case lost
        /// Say that there is one again, and read on.
        case back
        /// The worker is gone: read what it wrote last.
        case ended
        /// No supervisor came.
        case givenUp
    }

    /// How long no supervisor may answer.
    let limit: Duration
    private var lostAt: ContinuousClock.Instant?

    init(limit: Duration) { self.limit = limit }

    /// Takes another look.
    mutating func judge(hasRow: Bool, hasSupervisor: Bool, now: ContinuousClock.Instant) -> Verdict {
        guard hasRow else { return .ended }
        guard !hasSupervisor else {
            defer { lostAt = nil }
            return lostAt == nil ? .goOn : .back
        }
        guard let lostAt else {
            lostAt = now
            return .lost
        }
        return now - lostAt > limit ? .givenUp : .goOn
    }
}
