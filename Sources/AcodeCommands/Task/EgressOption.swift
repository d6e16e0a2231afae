internal import Settings
internal import TaskModel

/// Limits of where a task connects to, on the command line.
enum EgressOption {
    /// Reads `deny`, or one or more places; `nil` when nothing is given.
    static func parse(_ texts: [String]) throws(CommandFailure) -> EgressPolicy? {
        if texts.isEmpty { return nil }
        if texts == ["deny"] { return .only([]) }
        var rules: [EgressRule] = []
        for text in texts {
            guard text != "deny" else {
                throw CommandFailure(ExitCodes.usage, "--egress: deny can't be given together with places")
            }
            do throws(EgressRule.Mistake) {
                rules.append(try EgressRule(text))
            } catch {
                throw CommandFailure(ExitCodes.usage, "--egress: \"\(text)\" \(error.message)", hint: error.hint)
            }
        }
        return .only(rules)
    }
}
