package import TaskModel

extension Disposition {
    /// What becomes of a task after a verdict: complete, again later, back to the queue, or a dead letter.
    /// `random` in 0..<1 spreads retries.
    package static func after(
        _ verdict: Verdict, task: QueuedTask, maxDeliveries: Int, random: Double
    ) -> Disposition {
        let mayRunAgain = task.deliveries < maxDeliveries
        switch (verdict.outcome, verdict.failure) {
        case (.succeeded, _): return .complete
        case (.cancelled, _): return .cancel
        case (.workerUnavailable, .interrupted): return .abandon(delay: engineDelay, countsAsDelivery: false)
        case (_, .interrupted): return .abandon(delay: 0, countsAsDelivery: false)
        case (_, .infrastructure):
            guard mayRunAgain else { return .deadLetter(countsAsFailure: false) }
            return .abandon(delay: infrastructureDelay(after: task.interruptions + 1, random: random))
        case (_, .fatal): return .deadLetter(countsAsFailure: true)
        case (_, .retryable), (_, nil):
            let failures = task.failures + 1
            let isWanted = verdict.asksForRetry || failures < task.spec.retry.maxAttempts
            guard isWanted, mayRunAgain || failures < task.spec.retry.maxAttempts else {
                return .deadLetter(countsAsFailure: true)
            }
            return .retry(delay: task.spec.retry.delay(afterFailures: failures, random: random))
        }
    }

    /// Seconds before a task is looked at again that found no engine.
    private static let engineDelay = 5.0

    /// A lost worker is usually replaced within a second; a broken engine takes longer.
    private static func infrastructureDelay(after count: Int, random: Double) -> Double {
        count <= 1 ? 0 : RetryPolicy(backoff: 0.5, maxBackoff: 30).delay(afterFailures: count - 1, random: random)
    }
}
