package import TaskModel

/// What becomes of a task after an attempt, and why, in the words of its timeline. Pure.
package struct RetryDecision: Sendable, Equatable {
    /// What becomes of it: complete, again later, back to the queue, or a dead letter.
    package var disposition: Disposition
    /// Why it is tried again or not; `nil` where that goes without saying.
    package var why: String?

    /// Decides after a verdict. `output` is the last of what the attempt printed, `random` in 0..<1 spreads retries, and
    /// after `orphanLife` seconds an agent has killed what nobody looks after.
    package static func after(
        _ verdict: Verdict, task: QueuedTask, output: String = "", maxDeliveries: Int, maxInterruptions: Int = 100,
        orphanLife: Double, random: Double
    ) -> RetryDecision {
        var decision = meant(
            verdict, task: task, output: output, maxDeliveries: maxDeliveries, maxInterruptions: maxInterruptions,
            random: random)
        // Never two at once.
        if verdict.mayRunOn { decision.disposition = decision.disposition.waiting(atLeast: orphanLife) }
        return decision
    }

    private static func meant(
        _ verdict: Verdict, task: QueuedTask, output: String, maxDeliveries: Int, maxInterruptions: Int, random: Double
    ) -> RetryDecision {
        let facts = FailureFacts(outcome: verdict.outcome, exitCode: verdict.exitCode, output: output)
        let chances = Chances(task: task, maxDeliveries: maxDeliveries, random: random)
        switch (verdict.outcome, verdict.failure) {
        case (.succeeded, _): return RetryDecision(disposition: .complete)
        case (.cancelled, _): return RetryDecision(disposition: .cancel)
        case (.workerUnavailable, .interrupted):
            return RetryDecision(disposition: .abandon(delay: engineDelay, countsAsDelivery: false))
        case (_, .interrupted) where task.interruptions < maxInterruptions:
            return RetryDecision(disposition: .abandon(delay: 0, countsAsDelivery: false))
        default:
            // Of what an attempt did that lost its lease nothing counts.
            let rule = verdict.outcome == .leaseLost ? nil : task.spec.retry.rule(for: facts)
            return chances.decide(rule?.meaning ?? verdict.failure ?? .retryable, rule, verdict)
        }
    }

    /// Seconds before a task is looked at again that found no engine.
    private static let engineDelay = 5.0
}

/// What a task has left.
private struct Chances {
    let task: QueuedTask
    let maxDeliveries: Int
    let random: Double

    private var retry: RetryPolicy { task.spec.retry }
    /// Where its policy does not say how often it may fail.
    private var mayAskAgain: Bool { task.deliveries < maxDeliveries }
    private func delivered(_ count: Int, _ how: String = "") -> String {
        "it was delivered \(count) times\(how), and queue.maxDeliveries allows no more"
    }

    func decide(_ meaning: FailureClass, _ rule: RetryRule?, _ verdict: Verdict) -> RetryDecision {
        let said = rule.map { "its retry rule says so (\($0.summary))" }
        switch meaning {
        case .interrupted, .infrastructure:
            guard task.lostDeliveries < maxDeliveries else {
                return RetryDecision(
                    disposition: .deadLetter(countsAsFailure: false),
                    why: "not tried again: \(delivered(task.lostDeliveries, " without an end of its own"))")
            }
            return RetryDecision(
                disposition: .abandon(delay: infrastructureDelay(isByRule: rule != nil)),
                why: "tried again, and not counted as its failure" + (said.map { ": \($0)" } ?? ""))
        case .fatal:
            return RetryDecision(
                disposition: .deadLetter(countsAsFailure: true),
                why: "not tried again: \(said ?? "another attempt can't succeed")")
        case .retryable: return retryable(said, asks: verdict.asksForRetry)
        }
    }

    private func retryable(_ said: String?, asks: Bool) -> RetryDecision {
        let failures = task.failures + 1
        let isAllowed = failures < retry.maxAttempts
        let count = "it failed \(failures) of at most \(retry.maxAttempts) times"
        guard isAllowed || (asks && mayAskAgain) else {
            let limit = retry.maxAttempts == 1 ? "its retry policy allows one attempt" : count
            let why = asks ? delivered(task.deliveries) : limit
            return RetryDecision(disposition: .deadLetter(countsAsFailure: true), why: "not tried again: \(why)")
        }
        let why = isAllowed ? count : "exit code 75 asks for another attempt"
        return RetryDecision(
            disposition: .retry(delay: retry.delay(afterFailures: failures, random: random)),
            why: said.map { "\(why); \($0)" } ?? why)
    }

    /// A lost worker is usually replaced within a second; a broken engine takes longer. What a rule calls infrastructure,
    /// such as a server elsewhere, takes as long as the task's policy says.
    private func infrastructureDelay(isByRule: Bool) -> Double {
        let count = task.interruptions + 1
        if isByRule { return retry.delay(afterFailures: count, random: random) }
        return count <= 1
            ? 0 : RetryPolicy(backoff: 0.5, maxBackoff: 30).delay(afterFailures: count - 1, random: random)
    }
}
