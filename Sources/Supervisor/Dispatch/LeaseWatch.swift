/// Knows how long leases still last while they can't be renewed. Pure.
struct LeaseWatch: Sendable {
    /// What to do after a failed renewal.
    enum Step: Sendable, Equatable {
        /// The next heartbeat comes in time.
        case wait
        /// It would come too late: ask again after this.
        case tryAgain(Duration)
        /// The leases must have run out, so other supervisors may run the tasks.
        case giveUp
    }

    /// Failures in a row.
    private(set) var failures = 0
    private let lease: Duration
    private let heartbeat: Duration
    private var heldSince: ContinuousClock.Instant

    init(lease: Duration, heartbeat: Duration, now: ContinuousClock.Instant) {
        self.lease = lease
        self.heartbeat = heartbeat
        heldSince = now
    }

    /// Notes a renewal that was asked for at `instant`.
    mutating func succeeded(at instant: ContinuousClock.Instant) {
        heldSince = instant
        failures = 0
    }

    /// Notes a renewal that failed by now.
    mutating func failed(at now: ContinuousClock.Instant) -> Step {
        failures += 1
        let left = lease - (now - heldSince)
        if left <= .zero { return .giveUp }
        return left < heartbeat ? .tryAgain(min(left, heartbeat / 4)) : .wait
    }
}
