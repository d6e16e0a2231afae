/// When a failed task is tried again.
package struct RetryPolicy: Codable, Sendable, Hashable {
    /// Attempts that may end in the task's own failure before it becomes a dead letter; 1 means no retry.
    package var maxAttempts: Int
    /// Seconds before the first retry; doubled for each further one.
    package var backoff: Double
    /// Seconds a retry waits at most.
    package var maxBackoff: Double
    /// What failures mean, where it is not what acode takes them for: the first rule that fits counts; `nil` means none.
    package var rules: [RetryRule]?

    /// Makes a policy; the default does not retry, because most commands aren't safe to repeat unasked.
    package init(maxAttempts: Int = 1, backoff: Double = 1, maxBackoff: Double = 300, rules: [RetryRule]? = nil) {
        self.maxAttempts = maxAttempts
        self.backoff = backoff
        self.maxBackoff = maxBackoff
        self.rules = rules
    }

    /// The first rule that fits a failure.
    package func rule(for failure: FailureFacts) -> RetryRule? { rules?.first { $0.fits(failure) } }

    /// Whether a rule looks at the output.
    package var looksAtOutput: Bool { rules?.contains { $0.output != nil } ?? false }

    /// Seconds to wait after the `failures`-th failure: exponential with half jitter, so half of the delay is
    /// certain and the other half is spread by `random` in 0..<1.
    package func delay(afterFailures failures: Int, random: Double) -> Double {
        let doublings = Double(max(0, min(failures - 1, 30)))
        var factor = 1.0
        for _ in 0..<Int(doublings) { factor *= 2 }
        let full = min(maxBackoff, backoff * factor)
        return full / 2 + full / 2 * random
    }
}
