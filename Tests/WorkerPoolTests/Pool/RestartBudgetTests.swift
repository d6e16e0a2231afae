import Settings
import Testing

@testable import WorkerPool

@Suite("Restart budget")
struct RestartBudgetTests {
    private let start = ContinuousClock.now

    private func rules(most: Int, window: Int = 600, backoff: Int = 1, maxBackoff: Int = 60) -> RestartSettings {
        var rules = RestartSettings()
        rules.maxRestarts = most
        rules.window = .seconds(window)
        rules.backoff = .seconds(backoff)
        rules.maxBackoff = .seconds(maxBackoff)
        return rules
    }

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test func withoutFailuresAStartIsAllowedAtOnce() {
        let budget = RestartBudget(rules: rules(most: 0))
        #expect(budget.nextStart(at: start) == start)
        #expect(!budget.isExhausted(at: start))
        #expect(budget.isUnspent(at: start))
    }

    /// `failures` at one moment, and the wait they cause, in seconds.
    @Test(arguments: [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (8, 60), (90, 60)])
    func theWaitDoublesUpToItsLimit(failures: Int, seconds: Int) {
        var budget = RestartBudget(rules: rules(most: 1000))
        for _ in 0..<failures { budget.failed(at: start) }
        #expect(budget.nextStart(at: start) == after(seconds))
    }

    @Test(arguments: [0, 1, 5])
    func theBudgetIsSpentByOneFailureMoreThanRestartsAreAllowed(most: Int) {
        var budget = RestartBudget(rules: rules(most: most))
        for second in 0..<most {
            budget.failed(at: after(second))
            #expect(!budget.isExhausted(at: after(second)))
        }
        budget.failed(at: after(most))
        #expect(budget.isExhausted(at: after(most)))
        #expect(budget.nextStart(at: after(most)) == after(600))
        #expect(!budget.isExhausted(at: after(600)))
    }

    @Test func failuresAreForgottenWhenTheWindowIsOver() {
        var budget = RestartBudget(rules: rules(most: 5, window: 10))
        budget.failed(at: start)
        #expect(!budget.isUnspent(at: after(9)))
        #expect(budget.isUnspent(at: after(10)))
        #expect(budget.nextStart(at: after(10)) == after(10))
    }

    @Test func successStartsTheBackOffAnewButFreesNoBudget() {
        var budget = RestartBudget(rules: rules(most: 2))
        budget.failed(at: start)
        budget.failed(at: start)
        budget.succeeded()
        #expect(budget.nextStart(at: after(3)) == after(3))
        budget.failed(at: after(3))
        #expect(budget.isExhausted(at: after(3)))
    }

    @Test(arguments: [0.75, 1, 1.25])
    func theWaitIsSpread(jitter: Double) {
        var budget = RestartBudget(rules: rules(most: 5, backoff: 4))
        budget.failed(at: start, jitter: jitter)
        #expect(budget.nextStart(at: start) == start.advanced(by: .seconds(4) * jitter))
        #expect(budget.failures(at: start) == 1)
    }

    @Test func aBackOffAboveItsLimitIsCut() {
        var budget = RestartBudget(rules: rules(most: 9, backoff: 90, maxBackoff: 60))
        budget.failed(at: start)
        #expect(budget.nextStart(at: start) == after(60))
    }
}

@Suite("Recycle policy")
struct RecyclePolicyTests {
    @Test(
        arguments: [
            (RecyclePolicy.never, [false, false, false, false]),
            (.onFailure, [false, true, false, true]),
            (.afterTasks(3), [false, true, true, true]),
            (.afterTasks(1), [true, true, true, true]),
            (.always, [true, true, true, true]),
        ])
    func aWorkerIsReplacedWhenThePolicySaysSo(_ policy: RecyclePolicy, expected: [Bool]) {
        let cases = [(2, true), (2, false), (3, true), (3, false)]
        #expect(cases.map { policy.recycles(afterAttempts: $0.0, succeeded: $0.1) } == expected)
    }
}
