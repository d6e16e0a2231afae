/// Keeps callers from waiting for a server that isn't there. Pure: the time comes from outside.
///
/// Closed, everybody may try. After a number of failures in a row it opens: nobody may until a pause is over. Then it is half
/// open: one may try, and with that one's luck it closes, or opens for a longer pause.
package struct CircuitBreaker: Sendable, Equatable {
    /// When it opens, and for how long.
    package struct Limits: Sendable, Equatable {
        /// Failures in a row that open it.
        package var failures = 3
        /// The first pause; each further one is twice as long.
        package var pause: Duration = .milliseconds(250)
        /// The longest pause.
        package var longestPause: Duration = .seconds(15)

        /// The defaults.
        package init() {}
    }

    /// Whether someone may try.
    package enum Admission: Sendable, Equatable {
        /// Go on, and tell how it went.
        case go
        /// Not before so much time has passed.
        case wait(Duration)
    }

    /// Where it stands.
    package enum State: Sendable, Equatable {
        /// Can transition to `open`.
        case closed(failures: Int)
        /// Can transition to `halfOpen`.
        case open(until: ContinuousClock.Instant, pause: Duration)
        /// One tries. Can transition to `closed`, `open`.
        case halfOpen(pause: Duration)

        /// The state without its numbers, for gauges and logs.
        package var phase: Phase {
            switch self {
            case .closed: .closed
            case .open: .open
            case .halfOpen: .halfOpen
            }
        }
    }

    /// A state's name.
    package enum Phase: String, Sendable, CaseIterable {
        case closed
        case open
        case halfOpen = "half_open"
    }

    /// Where it stands.
    package private(set) var state = State.closed(failures: 0)
    private let limits: Limits

    /// Makes a closed one.
    package init(_ limits: Limits = Limits()) { self.limits = limits }

    /// Asks whether to try at `now`. Whoever is admitted must report with `succeeded`, `failed` or `gaveUp`.
    package mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        switch state {
        case .closed: return .go
        case .open(let until, let pause):
            guard now >= until else { return .wait(until - now) }
            state = .halfOpen(pause: pause)
            return .go
        case .halfOpen(let pause): return .wait(pause)
        }
    }

    /// Someone who was admitted reached the server.
    package mutating func succeeded() { state = .closed(failures: 0) }

    /// Someone who was admitted did not. `jitter`, 0…1, makes a pause up to a quarter longer, so that many don't come
    /// back at once.
    package mutating func failed(at now: ContinuousClock.Instant, jitter: Double) {
        switch state {
        case .closed(let failures):
            guard failures + 1 >= limits.failures else { return state = .closed(failures: failures + 1) }
            open(at: now, pause: limits.pause, jitter)
        case .halfOpen(let pause): open(at: now, pause: min(limits.longestPause, pause * 2), jitter)
        // One that was admitted before it opened.
        case .open: break
        }
    }

    /// Someone who was admitted stopped trying and knows nothing.
    package mutating func gaveUp(at now: ContinuousClock.Instant) {
        if case .halfOpen(let pause) = state { state = .open(until: now, pause: pause) }
    }

    private mutating func open(at now: ContinuousClock.Instant, pause: Duration, _ jitter: Double) {
        state = .open(until: now + pause * (1 + 0.25 * min(1, max(0, jitter))), pause: pause)
    }
}
