import Foundation
import TaskModel
import Testing

@testable import Supervisor

/// What the rules of a task's own retry policy change, and what the timeline says.
@Suite("Retry rules")
struct RetryRuleDecisionTests {
    private static let rules = [
        RetryRule(exitCodes: [2...2], meaning: .fatal), RetryRule(output: ["refused"], meaning: .infrastructure),
        RetryRule(outcomes: [.startFailed, .timedOut, .workerLost], meaning: .retryable),
        RetryRule(exitCodes: [75...75], meaning: .fatal), RetryRule(exitCodes: [70...74], meaning: .retryable),
    ]

    private static func task(deliveries: Int = 1, failures: Int = 0, interruptions: Int = 0) -> QueuedTask {
        let retry = RetryPolicy(maxAttempts: 3, backoff: 4, maxBackoff: 100, rules: rules)
        var task = QueuedTask(
            id: TaskID(rawValue: "t"), spec: TaskSpec(command: ["true"], retry: retry), createdAt: Date())
        (task.attempt, task.deliveries, task.failures, task.interruptions) = (
            deliveries, deliveries, failures, interruptions
        )
        return task
    }

    private static func failed(_ code: Int, asks: Bool = false) -> Verdict {
        Verdict(outcome: .failed, exitCode: code, reason: "r", failure: .retryable, asksForRetry: asks)
    }

    @Test(
        arguments: [
            (
                failed(2), task(), "", .deadLetter(countsAsFailure: true),
                "not tried again: its retry rule says so (exit code 2: fatal)"
            ),
            (failed(1), task(), "fine", .retry(delay: 4), "it failed 1 of at most 3 times"),
            (
                failed(1), task(), "refused", .abandon(delay: 4),
                "tried again, and not counted as its failure: its retry rule says so (output \"refused\": infrastructure)"
            ),
            (failed(1), task(deliveries: 3, interruptions: 2), "refused", .abandon(delay: 16), nil),
            (
                failed(1), task(deliveries: 5), "refused", .deadLetter(countsAsFailure: false),
                "not tried again: it was delivered 5 times without an end of its own, and queue.maxDeliveries allows no more"
            ),
            (
                Verdict(outcome: .startFailed, exitCode: 127, reason: "r", failure: .fatal), task(), "",
                .retry(delay: 4),
                "it failed 1 of at most 3 times; its retry rule says so (start_failed or timed_out or worker_lost: retryable)"
            ),
            (
                Verdict(outcome: .workerLost, reason: "r", failure: .infrastructure), task(failures: 2), "",
                .deadLetter(countsAsFailure: true), "not tried again: it failed 3 of at most 3 times"
            ),
            (failed(75, asks: true), task(), "", .deadLetter(countsAsFailure: true), nil),
            // A rule that says "retryable" does not make it less so.
            (
                failed(74, asks: true), task(failures: 3), "", .retry(delay: 32),
                "exit code 75 asks for another attempt; its retry rule says so (exit code 70-74: retryable)"
            ),
            // What we ended ourselves, or what another attempt has overtaken, is none of the rules' business.
            (
                Verdict(outcome: .interrupted, exitCode: 2, reason: "r", failure: .interrupted), task(), "refused",
                .abandon(delay: 0, countsAsDelivery: false), nil
            ),
            (
                Verdict(outcome: .leaseLost, exitCode: 2, reason: "r", failure: .infrastructure), task(), "",
                .abandon(delay: 0), "tried again, and not counted as its failure"
            ),
            (Verdict(outcome: .cancelled, exitCode: 2, reason: "r"), task(), "", .cancel, nil),
            (Verdict(outcome: .succeeded, exitCode: 0, reason: "r"), task(), "refused", .complete, nil),
        ] as [(Verdict, QueuedTask, String, Disposition, String?)])
    func theFirstRuleThatFitsDecides(
        _ verdict: Verdict, task: QueuedTask, output: String, disposition: Disposition, why: String?
    ) {
        let decision = RetryDecision.after(
            verdict, task: task, output: output, maxDeliveries: 5, orphanLife: 0, random: 1)
        #expect(decision.disposition == disposition)
        if let why { #expect(decision.why == why) }
    }
}
