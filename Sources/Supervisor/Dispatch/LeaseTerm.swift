/// Until when an attempt may go on, by the supervisor's own clock, which no change of the time of day moves. Pure.
package struct LeaseTerm: Sendable, Equatable {
    /// What is to be done about an attempt.
    enum Step: Sendable, Equatable {
        /// It goes on.
        case goOn
        /// Its lease must have run out, so that another supervisor may run its task.
        case giveUp
        /// It has had its lease for as long as that may be renewed.
        case end
    }

    /// When the store was last asked for the lease and gave it: it lasts from then at least.
    private var heldSince: ContinuousClock.Instant
    /// When it can't be renewed any more.
    private let end: ContinuousClock.Instant?

    /// A lease that the store was asked for at `instant`, and that can be renewed for so long.
    package init(askedAt instant: ContinuousClock.Instant, renewable: Duration?) {
        heldSince = instant
        end = renewable.map { instant.advanced(by: $0) }
    }

    /// Notes a renewal that was asked for at `instant`.
    mutating func renewed(at instant: ContinuousClock.Instant) { heldSince = max(heldSince, instant) }

    /// What is to be done at `now` about an attempt whose renewals last for `lease`.
    func step(at now: ContinuousClock.Instant, lease: Duration) -> Step {
        if now - heldSince >= lease { return .giveUp }
        // Before the store says so: there is one lease left to end it in.
        if let end, now >= end { return .end }
        return .goOn
    }
}
