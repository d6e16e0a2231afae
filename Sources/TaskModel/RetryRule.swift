/// What a failed attempt means for retrying, when it fits a rule: every condition that is set must hold. Pure.
package struct RetryRule: Codable, Sendable, Hashable {
    /// One of these ranges holds the exit code, 0…255.
    package var exitCodes: [ClosedRange<Int>]?
    /// It is one of these outcomes.
    package var outcomes: [TaskOutcome]?
    /// One of these texts is on a line of the last output; `*` in it stands for anything on that line.
    package var output: [String]?
    /// What it means then: retryable, fatal or infrastructure.
    package var meaning: FailureClass

    /// Makes a rule.
    package init(
        exitCodes: [ClosedRange<Int>]? = nil, outcomes: [TaskOutcome]? = nil, output: [String]? = nil,
        meaning: FailureClass
    ) {
        self.exitCodes = exitCodes
        self.outcomes = outcomes
        self.output = output
        self.meaning = meaning
    }

    /// The outcomes a rule may name: the ends of attempts that nobody wanted and that no other attempt has overtaken.
    package static let possibleOutcomes: [TaskOutcome] = [
        .failed, .oomKilled, .diskLimitExceeded, .outputLimitExceeded, .timedOut, .startFailed, .workerUnavailable,
        .workerLost,
    ]
    /// What a rule may say.
    package static let possibleMeanings: [FailureClass] = [.retryable, .fatal, .infrastructure]

    /// Whether an attempt that ended like this fits. A rule without conditions fits all.
    package func fits(_ failure: FailureFacts) -> Bool {
        if let exitCodes {
            guard let code = failure.exitCode, exitCodes.contains(where: { $0.contains(code) }) else { return false }
        }
        if let outcomes, !outcomes.contains(failure.outcome) { return false }
        if let output, !output.contains(where: { OutputPattern($0).isFound(in: failure.output) }) { return false }
        return true
    }

    /// The rule in a few words: `exit code 2, 64-78: fatal`.
    package var summary: String {
        let codes = exitCodes.map { "exit code " + $0.map(Self.words).joined(separator: ", ") }
        let ends = outcomes.map { $0.map(\.rawValue).joined(separator: " or ") }
        let texts = output.map { "output " + $0.map { "\"\($0)\"" }.joined(separator: " or ") }
        let conditions = [codes, ends, texts].compactMap { $0 }.joined(separator: " and ")
        return "\(conditions.isEmpty ? "anything" : conditions): \(meaning.rawValue)"
    }

    /// `2`, or `64-78`.
    package static func words(_ range: ClosedRange<Int>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
}

/// What the rules of a retry policy look at.
package struct FailureFacts: Sendable, Equatable {
    /// How the attempt ended.
    package var outcome: TaskOutcome
    /// Its exit code.
    package var exitCode: Int?
    /// The last of what it printed.
    package var output: String

    /// Puts the facts together.
    package init(outcome: TaskOutcome, exitCode: Int? = nil, output: String = "") {
        self.outcome = outcome
        self.exitCode = exitCode
        self.output = output
    }
}
