internal import Settings

/// Decides whether an agent that does not answer is dead or only starved of CPU. Pure.
///
/// Silence alone proves little: a task that uses up its worker's CPU limit, or a host that is overloaded, makes a sound
/// agent late. So a late agent that wants to run, and does not get to, is given more time; one that is stopped, frozen or
/// asleep is not.
struct SilenceJudge: Sendable {
    /// What to make of a round without an answer.
    enum Judgement: Sendable, Equatable {
        /// Go on asking.
        case wait
        /// Go on asking, and say that it is starved.
        case starved
        /// Give it up, for this reason.
        case dead(String)
    }

    private let rules: HealthSettings
    /// Rounds that say nothing about the agent, because the supervisor itself was late to ask.
    private var excused = 0

    /// How many times longer than others a starved agent is waited for.
    static let patience = 4

    init(rules: HealthSettings) { self.rules = rules }

    /// How many unanswered questions after which the agent's process is to be looked at.
    func needsLook(_ unanswered: Int) -> Bool { unanswered - excused > rules.retries }

    /// Judges a round.
    ///
    /// - Parameters:
    ///   - unanswered: questions in a row without a word, this one included.
    ///   - lateness: how much later than it should the supervisor asked.
    ///   - state: the process's state as in proc(5), `nil` when it can't be seen.
    mutating func judge(unanswered: Int, lateness: Duration, state: Character?) -> Judgement {
        if unanswered <= 1 { excused = 0 }
        if lateness > rules.interval { excused = min(excused + 1, unanswered) }
        let silent = unanswered - excused
        guard silent > rules.retries else { return .wait }
        let seconds = Int(rules.interval * Double(silent - 1) / .seconds(1))
        switch state {
        case "R"?:
            guard silent > rules.retries * Self.patience else { return .starved }
            return .dead("its agent has not answered for \(seconds) s: it gets no CPU")
        case "T"?, "t"?: return .dead("its agent has not answered for \(seconds) s: it is stopped by a signal")
        case "D"?: return .dead("its agent has not answered for \(seconds) s: it is frozen, or waits for a device")
        default: return .dead("its agent has not answered for \(seconds) s")
        }
    }
}
