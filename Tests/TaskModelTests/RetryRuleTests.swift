import TaskModel
import Testing

@Suite("RetryRule")
struct RetryRuleTests {
    private static let refused = FailureFacts(
        outcome: .failed, exitCode: 7, output: "begin\ncurl: (7) Connection refused by db-3.example.org\nend")

    @Test(
        arguments: [
            (RetryRule(meaning: .fatal), true),
            (RetryRule(exitCodes: [7...7], meaning: .fatal), true),
            (RetryRule(exitCodes: [1...2, 5...9], meaning: .fatal), true),
            (RetryRule(exitCodes: [1...6, 8...255], meaning: .fatal), false),
            (RetryRule(exitCodes: [], meaning: .fatal), false),
            (RetryRule(outcomes: [.oomKilled, .failed], meaning: .fatal), true),
            (RetryRule(outcomes: [.oomKilled], meaning: .fatal), false),
            (RetryRule(output: ["Connection refused"], meaning: .fatal), true),
            (RetryRule(output: ["connection refused"], meaning: .fatal), false),
            (RetryRule(output: ["nothing", "refused*db-?.*org"], meaning: .fatal), false),
            (RetryRule(output: ["nothing", "refused*db-*.org"], meaning: .fatal), true),
            (RetryRule(output: ["org*refused"], meaning: .fatal), false),
            // A pattern does not reach over the end of a line.
            (RetryRule(output: ["begin*refused"], meaning: .fatal), false),
            (RetryRule(output: ["refused*refused"], meaning: .fatal), false),
            (RetryRule(output: ["end"], meaning: .fatal), true),
            (RetryRule(exitCodes: [7...7], outcomes: [.failed], output: ["curl"], meaning: .fatal), true),
            (RetryRule(exitCodes: [7...7], outcomes: [.failed], output: ["wget"], meaning: .fatal), false),
        ])
    func aRuleFitsWhenAllItsConditionsHold(_ rule: RetryRule, fits: Bool) {
        #expect(rule.fits(Self.refused) == fits)
    }

    @Test func anAttemptWithoutAnExitCodeFitsNoRange() {
        #expect(!RetryRule(exitCodes: [0...255], meaning: .fatal).fits(FailureFacts(outcome: .workerLost)))
    }

    @Test func theFirstRuleThatFitsCounts() {
        let policy = RetryPolicy(rules: [
            RetryRule(exitCodes: [1...1], meaning: .fatal), RetryRule(outcomes: [.failed], meaning: .infrastructure),
            RetryRule(meaning: .retryable),
        ])
        #expect(policy.rule(for: Self.refused)?.meaning == .infrastructure)
        #expect(policy.rule(for: FailureFacts(outcome: .timedOut))?.meaning == .retryable)
        #expect(RetryPolicy().rule(for: Self.refused) == nil)
    }

    @Test(
        arguments: [
            (RetryRule(meaning: .retryable), "anything: retryable"),
            (RetryRule(exitCodes: [2...2, 64...78], meaning: .fatal), "exit code 2, 64-78: fatal"),
            (
                RetryRule(outcomes: [.oomKilled, .timedOut], output: ["a*b"], meaning: .infrastructure),
                "oom_killed or timed_out and output \"a*b\": infrastructure"
            ),
        ])
    func isToldInAFewWords(_ rule: RetryRule, words: String) { #expect(rule.summary == words) }

    /// A search that tried every way to place the parts would not come back.
    @Test(.timeLimit(.minutes(3)))
    func hostilePatternsTakeNoLongerThanOthers() {
        let output = String(repeating: "a", count: 60_000)
        let pattern = String(repeating: "a*", count: 200) + "b"
        #expect(!RetryRule(output: [pattern], meaning: .fatal).fits(FailureFacts(outcome: .failed, output: output)))
    }
}
