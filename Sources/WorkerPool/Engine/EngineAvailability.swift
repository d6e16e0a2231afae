/// Whether the engine can be used: a pure machine fed with the results of pings.
///
/// One failed ping is a doubt and not a verdict; a second in a row makes the engine unavailable. The first answer after
/// that makes it available again, once every container was looked at.
package struct EngineAvailability: Sendable, Equatable {
    /// What is known.
    package enum State: Sendable, Equatable {
        /// It answers. → `doubtful`.
        case answering
        /// The last pings got no answer. → `answering`, `unavailable`.
        case doubtful(since: ContinuousClock.Instant, failures: Int)
        /// It does not answer. → `answering`.
        case unavailable(since: ContinuousClock.Instant, EngineTrouble)
    }

    /// What happened.
    package enum Event: Sendable, Equatable {
        /// A ping was answered.
        case pingAnswered
        /// A ping failed, and how.
        case pingFailed(EngineTrouble)
    }

    /// What is to be done about it.
    package enum Action: Sendable, Equatable {
        /// Freeze verdicts, start nothing new, and say so once.
        case becomeUnavailable(EngineTrouble)
        /// Let local processes stand in for the tasks that allow it.
        case fallBack
        /// Look at every container, then go on; it was away for this long.
        case comeBack(after: Duration)
    }

    /// Failed pings in a row that make the engine unavailable.
    static let tolerance = 2
    /// The pause before the ping that settles a doubt.
    static let doubtPause = Duration.milliseconds(250)
    /// The pause between pings of an engine that is away.
    static let awayPause = Duration.milliseconds(500)

    /// What is known now.
    package private(set) var state = State.answering
    /// Whether local processes stand in.
    package private(set) var hasFallenBack = false
    /// When it last answered.
    package private(set) var answeredAt: ContinuousClock.Instant
    private let interval: Duration
    private let fallbackAfter: Duration?

    /// Begins with an engine that has just answered. `fallbackAfter` is how long it may be away before local processes
    /// stand in; `nil` for never.
    package init(interval: Duration, fallbackAfter: Duration?, now: ContinuousClock.Instant) {
        self.interval = interval
        self.fallbackAfter = fallbackAfter
        answeredAt = now
    }

    /// Takes the result of a ping and returns what is to be done, in order.
    package mutating func handle(_ event: Event, now: ContinuousClock.Instant) -> [Action] {
        switch event {
        case .pingAnswered:
            let before = state
            state = .answering
            hasFallenBack = false
            let away = now - answeredAt
            answeredAt = now
            guard case .unavailable = before else { return [] }
            return [.comeBack(after: away)]
        case .pingFailed(let trouble):
            return failed(trouble, now)
        }
    }

    private mutating func failed(_ trouble: EngineTrouble, _ now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        switch state {
        case .answering:
            state = .doubtful(since: now, failures: 1)
        case .doubtful(let since, let failures) where failures + 1 < Self.tolerance:
            state = .doubtful(since: since, failures: failures + 1)
        case .doubtful(let since, _):
            state = .unavailable(since: since, trouble)
            actions.append(.becomeUnavailable(trouble))
        case .unavailable(let since, _):
            // The newest words: a socket that is there again but silent is another trouble than one that is missing.
            state = .unavailable(since: since, trouble)
        }
        if case .unavailable(let since, _) = state, let fallbackAfter, !hasFallenBack, now - since >= fallbackAfter {
            hasFallenBack = true
            actions.append(.fallBack)
        }
        return actions
    }

    /// How long to wait before the next ping.
    package var pause: Duration {
        switch state {
        case .answering: interval
        case .doubtful: Self.doubtPause
        case .unavailable: Self.awayPause
        }
    }

    /// Whether the next ping decides.
    package var isDoubtful: Bool { if case .doubtful = state { true } else { false } }

    /// Whether verdicts are frozen.
    package var isUnavailable: Bool { if case .unavailable = state { true } else { false } }
}

/// Why the engine can't be used, and what a person can do about it.
package struct EngineTrouble: Sendable, Equatable {
    /// In plain words, with the socket's path.
    package var message: String
    /// The fix, when there is one.
    package var hint: String?

    /// Puts words together.
    package init(message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
