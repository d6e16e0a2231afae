import Settings
import Testing

@testable import WorkerPool

@Suite("Silence of an agent")
struct SilenceJudgeTests {
    private func judge() -> SilenceJudge {
        var rules = HealthSettings()
        rules.interval = .seconds(1)
        rules.retries = 3
        return SilenceJudge(rules: rules)
    }

    /// Questions without an answer, the process's state, and what that means.
    @Test(
        arguments: [
            (1, "S", "wait"), (3, "T", "wait"), (4, "S", "dead"), (4, nil, "dead"), (4, "T", "stopped"),
            (4, "D", "frozen"),
            (4, "Z", "dead"), (4, "R", "starved"), (12, "R", "starved"), (13, "R", "no CPU"),
        ] as [(Int, Character?, String)])
    func silenceAloneDecidesNothing(unanswered: Int, state: Character?, expected: String) {
        var judge = judge()
        switch judge.judge(unanswered: unanswered, lateness: .zero, state: state) {
        case .wait: #expect(expected == "wait")
        case .starved: #expect(expected == "starved")
        case .dead(let words):
            #expect(expected == "dead" || words.contains(expected), "\(words)")
            #expect(words.contains("for \(unanswered - 1) s"))
        }
    }

    /// A supervisor that was late to ask knows nothing of the time between.
    @Test func roundsOfALateSupervisorDoNotCountUntilTheAgentHasAnsweredAgain() {
        var judge = judge()
        for unanswered in 1...3 {
            #expect(judge.judge(unanswered: unanswered, lateness: .seconds(2), state: "S") == .wait)
        }
        #expect(!judge.needsLook(6))
        #expect(judge.judge(unanswered: 6, lateness: .zero, state: "S") == .wait)
        #expect(judge.judge(unanswered: 7, lateness: .zero, state: "S") == .dead("its agent has not answered for 3 s"))
        #expect(judge.judge(unanswered: 1, lateness: .zero, state: nil) == .wait)
        #expect(judge.needsLook(4))
    }

    @Test(arguments: [("12 (a) b) S 1 2", "S"), ("1 (x) R", "R"), ("", nil), ("1 (x)", nil)] as [(String, Character?)])
    func theStateStandsBehindTheName(stat: String, expected: Character?) {
        #expect(ProcessState.parse(stat) == expected)
    }
}
