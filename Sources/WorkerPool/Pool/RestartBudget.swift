package import Settings

/// When the next worker of a profile may be started after workers of that profile failed: exponential back-off between
/// failures in a row, and at most so many failures in a window of time.
package struct RestartBudget: Sendable, Equatable {
    private let rules: RestartSettings
    private var failures: [ContinuousClock.Instant] = []
    private var inARow = 0
    private var jitter = 1.0

    /// Makes a budget with nothing spent.
    package init(rules: RestartSettings) { self.rules = rules }

    /// Whether the budget of the window is spent at `now`.
    package func isExhausted(at now: ContinuousClock.Instant) -> Bool { recent(at: now).count > rules.maxRestarts }

    /// How many failures of the window count at `now`.
    package func failures(at now: ContinuousClock.Instant) -> Int { recent(at: now).count }

    /// Whether nothing counts against the profile any more at `now`.
    package func isUnspent(at now: ContinuousClock.Instant) -> Bool { recent(at: now).isEmpty }

    /// When the next start is allowed; in the past when it is allowed now.
    package func nextStart(at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let recent = recent(at: now)
        guard let last = recent.last else { return now }
        if recent.count > rules.maxRestarts {
            return recent[recent.count - rules.maxRestarts - 1].advanced(by: rules.window)
        }
        guard inARow > 0 else { return now }
        var wait = rules.backoff
        for _ in 1..<max(1, min(inARow, 30)) where wait < rules.maxBackoff { wait = wait * 2 }
        return last.advanced(by: min(wait, rules.maxBackoff) * jitter)
    }

    /// Notes that a worker could not start or went away. The back-off that follows is multiplied by `jitter`.
    package mutating func failed(at now: ContinuousClock.Instant, jitter: Double = 1) {
        self.jitter = jitter
        failures = recent(at: now) + [now]
        inARow += 1
    }

    /// Notes that a worker did its work, so that the next failure starts the back-off anew.
    package mutating func succeeded() { inARow = 0 }

    private func recent(at now: ContinuousClock.Instant) -> [ContinuousClock.Instant] {
        failures.filter { $0.advanced(by: rules.window) > now }
    }
}
