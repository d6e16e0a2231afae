internal import ArgumentParser
internal import Foundation
internal import Settings
internal import TaskModel

/// `acode queue route`.
struct QueueRoute: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route", abstract: "Say which queue a task would go to, and which rule sends it there.",
        discussion: "Submits nothing. The rules are those of routing in the configuration; the first that fits counts.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var kind: TypeOptions

    @Option(help: ArgumentHelp("The queue, as `acode task submit` takes it.", valueName: "name"))
    var queue: String?

    func run() async throws {
        let context = try CommandContext(global)
        let rules = context.settings.taskRules
        var spec = try kind.task(rules) ?? TaskSpec(command: ["true"])
        kind.mark(&spec)
        if let queue { spec.queue = queue }
        try TaskSpecCheck.check(spec)
        let explanation = RouteExplanation(spec, rules, isExplicit: queue != nil)
        spec.queue = explanation.queue
        try DeclaredQueues(context.settings).check(spec, isNamed: queue != nil)
        context.console.print(
            context.console.isJSON ? try JSONText.pretty(explanation) : explanation.text)
    }
}

/// Why a task goes to its queue.
struct RouteExplanation: Encodable, Equatable {
    /// A rule that was looked at.
    struct Rule: Encodable, Equatable {
        /// Counted from 1.
        var rule: Int
        var conditions: String
        var queue: String
        /// Why it does not take the task; `nil` when it does.
        var misfit: String?

        private enum CodingKeys: String, CodingKey { case rule, conditions, queue, misfit, fits }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(rule, forKey: .rule)
            try container.encode(conditions, forKey: .conditions)
            try container.encode(queue, forKey: .queue)
            try container.encode(misfit, forKey: .misfit)
            try container.encode(misfit == nil, forKey: .fits)
        }
    }

    var queue: String
    /// The rule that takes the task, counted from 1; `nil` when none does.
    var rule: Int?
    var why: String
    /// Those that were looked at, in order.
    var rules: [Rule]

    private enum CodingKeys: String, CodingKey { case queue, rule, why, rules }

    init(_ spec: TaskSpec, _ rules: TaskRules, isExplicit: Bool) {
        guard !isExplicit else {
            self.queue = spec.queue
            rule = nil
            why = "--queue names it, and rules are for tasks that name none"
            self.rules = []
            return
        }
        let decision = rules.decide(spec)
        queue = decision.queue
        rule = decision.rule.map { $0 + 1 }
        self.rules = rules.routing.prefix(decision.misfits.count + (decision.rule == nil ? 0 : 1)).enumerated().map {
            Rule(
                rule: $0 + 1, conditions: $1.summary, queue: $1.queue,
                misfit: $0 < decision.misfits.count ? decision.misfits[$0] : nil)
        }
        if let rule {
            why = "rule \(rule) takes it"
        } else if spec.queue != TaskSpec.defaultQueue, let type = spec.type {
            why = "no rule takes it, and its type \(type) names this queue"
        } else {
            why = "no rule takes it, and this is where tasks go then"
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(queue, forKey: .queue)
        try container.encode(rule, forKey: .rule)
        try container.encode(why, forKey: .why)
        try container.encode(rules, forKey: .rules)
    }

    /// For people.
    var text: String {
        let lines = rules.map { rule in
            "  rule \(rule.rule): \(rule.conditions.onOneLine) -> \(rule.queue): "
                + (rule.misfit.map { "no, \($0.onOneLine)" } ?? "yes") + "\n"
        }
        return "\(queue): \(why)\n" + lines.joined()
    }
}
