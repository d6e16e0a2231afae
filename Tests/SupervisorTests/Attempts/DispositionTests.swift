import Foundation
import TaskModel
import Testing

@testable import Supervisor

@Suite("Disposition")
struct DispositionTests {
    /// A task on its `attempt`-th attempt since it was submitted or requeued.
    private static func task(
        attempt: Int = 1, deliveries: Int? = nil, failures: Int = 0, interruptions: Int = 0, maxAttempts: Int = 1
    ) -> QueuedTask {
        let retry = RetryPolicy(maxAttempts: maxAttempts, backoff: 4, maxBackoff: 100)
        var task = QueuedTask(
            id: TaskID(rawValue: "t"), spec: TaskSpec(command: ["true"], retry: retry), createdAt: Date())
        task.attempt = attempt
        task.deliveries = deliveries ?? attempt
        task.failures = failures
        task.interruptions = interruptions
        return task
    }

    private static func verdict(
        _ outcome: TaskOutcome, _ failure: FailureClass?, asksForRetry: Bool = false
    ) -> Verdict {
        Verdict(outcome: outcome, reason: "r", failure: failure, asksForRetry: asksForRetry)
    }

    private static let success = verdict(.succeeded, nil)
    private static let failed = verdict(.failed, .retryable)
    private static let again = verdict(.failed, .retryable, asksForRetry: true)
    private static let lost = verdict(.workerLost, .infrastructure)
    private static let fatal = verdict(.startFailed, .fatal)

    /// With at most 5 deliveries, a back-off of 4 s, and a random number of 1, that is, without the spread.
    @Test(
        arguments: [
            (success, task(), .complete),
            (success, task(attempt: 99), .complete),
            (verdict(.cancelled, nil), task(attempt: 99), .cancel),
            (verdict(.interrupted, .interrupted), task(), .abandon(delay: 0, countsAsDelivery: false)),
            // An interruption is nobody's failure, however often it happens.
            (
                verdict(.interrupted, .interrupted), task(attempt: 99, interruptions: 99),
                .abandon(delay: 0, countsAsDelivery: false)
            ),
            // But one that is only ever interrupted is resumed for as long as it may crash, from then on.
            (
                verdict(.interrupted, .interrupted), task(attempt: 101, deliveries: 1, interruptions: 100),
                .abandon(delay: 30)
            ),
            (
                verdict(.interrupted, .interrupted), task(attempt: 105, deliveries: 5, interruptions: 104),
                .deadLetter(countsAsFailure: false)
            ),
            // Neither does it use up what is there for crashes, nor do attempts before a requeue by hand.
            (lost, task(attempt: 9, deliveries: 4, interruptions: 1), .abandon(delay: 0.5)),
            (again, task(attempt: 9, deliveries: 4), .retry(delay: 4)),
            (lost, task(), .abandon(delay: 0)),
            (lost, task(attempt: 2, interruptions: 1), .abandon(delay: 0.5)),
            (lost, task(attempt: 4, interruptions: 3), .abandon(delay: 2)),
            (lost, task(attempt: 5, interruptions: 4), .deadLetter(countsAsFailure: false)),
            // What it failed by itself doesn't use that up either.
            (lost, task(attempt: 6, failures: 5, maxAttempts: 9), .abandon(delay: 0)),
            (
                lost, task(attempt: 10, failures: 5, interruptions: 4, maxAttempts: 9),
                .deadLetter(countsAsFailure: false)
            ),
            (verdict(.workerUnavailable, .infrastructure), task(), .abandon(delay: 0)),
            (fatal, task(maxAttempts: 9), .deadLetter(countsAsFailure: true)),
            (failed, task(), .deadLetter(countsAsFailure: true)),
            (failed, task(maxAttempts: 3), .retry(delay: 4)),
            (failed, task(attempt: 2, failures: 1, maxAttempts: 3), .retry(delay: 8)),
            (failed, task(attempt: 3, failures: 2, maxAttempts: 3), .deadLetter(countsAsFailure: true)),
            // Attempts the task itself asked for are not cut by the pool's limit of deliveries.
            (failed, task(attempt: 7, failures: 6, maxAttempts: 9), .retry(delay: 100)),
            (verdict(.timedOut, .retryable), task(maxAttempts: 2), .retry(delay: 4)),
            (verdict(.oomKilled, .retryable), task(), .deadLetter(countsAsFailure: true)),
            // Exit 75 asks for a retry beyond the task's own, but not for ever.
            (again, task(), .retry(delay: 4)),
            (again, task(attempt: 4, failures: 3), .retry(delay: 32)),
            (again, task(attempt: 5, failures: 4), .deadLetter(countsAsFailure: true)),
        ] as [(Verdict, QueuedTask, Disposition)])
    func aVerdictLeadsToTheNextStep(_ verdict: Verdict, task: QueuedTask, expected: Disposition) {
        let decision = RetryDecision.after(verdict, task: task, maxDeliveries: 5, orphanLife: 0, random: 1)
        #expect(decision.disposition == expected)
    }

    /// Never two at once, whatever became of the first.
    @Test(
        arguments: [
            (lost, .abandon(delay: 90)),
            (verdict(.interrupted, .interrupted), .abandon(delay: 90, countsAsDelivery: false)),
            (verdict(.timedOut, .retryable), .retry(delay: 90)), (verdict(.cancelled, nil), .cancel),
        ] as [(Verdict, Disposition)])
    func whatMayRunOnIsWaitedFor(_ verdict: Verdict, expected: Disposition) {
        var verdict = verdict
        verdict.mayRunOn = true
        let decision = RetryDecision.after(
            verdict, task: Self.task(maxAttempts: 9), maxDeliveries: 5, orphanLife: 90, random: 1)
        #expect(decision.disposition == expected)
    }

    @Test(arguments: [0.0, 0.25, 0.999])
    func retriesAreSpreadOverTheSecondHalfOfTheWait(random: Double) {
        let task = Self.task(maxAttempts: 2)
        let decision = RetryDecision.after(Self.failed, task: task, maxDeliveries: 5, orphanLife: 0, random: random)
        guard case .retry(let delay) = decision.disposition else {
            Issue.record("no retry")
            return
        }
        #expect(delay == 2 + 2 * random)
    }

    /// Whatever happens again and again, a task ends some day.
    @Test(arguments: [failed, again, lost, fatal, verdict(.interrupted, .interrupted)])
    func everyTaskEndsSomeDay(_ verdict: Verdict) {
        var task = Self.task(maxAttempts: 3)
        for _ in 1...120 {
            switch RetryDecision.after(verdict, task: task, maxDeliveries: 5, orphanLife: 0, random: 0.5).disposition {
            case .retry: task.failures += 1
            case .abandon(_, let countsAsDelivery):
                task.interruptions += 1
                if !countsAsDelivery { task.deliveries -= 1 }
            case .complete, .deadLetter, .cancel: return
            }
            task.attempt += 1
            task.deliveries += 1
        }
        Issue.record("still alive after 120 attempts")
    }
}
