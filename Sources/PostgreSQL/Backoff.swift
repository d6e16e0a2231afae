/// Pauses between tries that fail: each up to twice as long as the one before, and none the same on two machines. Pure.
package struct Backoff: Sendable, Equatable {
    /// The longest that the first pause may be.
    package let first: Duration
    /// The longest of all.
    package let longest: Duration
    private var failures = 0

    /// Makes one that has seen no failure.
    package init(first: Duration = .milliseconds(100), longest: Duration = .seconds(10)) {
        self.first = first
        self.longest = longest
    }

    /// The pause after one more failure. `jitter`, 0…1, takes it from half the full length to all of it.
    package mutating func next(jitter: Double) -> Duration {
        // 2^20 times the first pause is longer than the longest one in any case.
        let full = min(longest, first * (1 << min(failures, 20)))
        failures += 1
        return full * (0.5 + 0.5 * min(1, max(0, jitter)))
    }

    /// It went well: the next failure is the first one again.
    package mutating func reset() { failures = 0 }
}
