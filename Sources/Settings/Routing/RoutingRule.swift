package import TaskModel

/// Sends tasks that fulfil its conditions to a queue. Pure.
package struct RoutingRule: Sendable, Equatable {
    /// The task is of one of these types; empty means any, or none.
    package var types: [String] = []
    /// What its parameters are, by name.
    package var params: [ParameterTest] = []
    /// It has one of these labels; empty means it need not.
    package var labels: [String] = []
    /// Where it goes then.
    package var queue: String

    /// Makes a rule without conditions.
    package init(queue: String) { self.queue = queue }

    /// Whether it takes every task.
    package var isUnconditional: Bool { types.isEmpty && params.isEmpty && labels.isEmpty }

    /// Why a task is not one of those; `nil` when it is.
    package func misfit(of task: TaskSpec) -> String? {
        if !types.isEmpty {
            guard let type = task.type else { return "it has no type" }
            guard types.contains(type) else { return "its type is \(type)" }
        }
        for test in params {
            guard let value = task.params?[test.name] else { return "it has no \(test.name)" }
            guard test.fits(value) else { return "\(test.name) is \(value.text)" }
        }
        if !labels.isEmpty, !labels.contains(where: { task.labels?.contains($0) ?? false }) {
            return "it has no label \(labels.joined(separator: " or "))"
        }
        return nil
    }

    /// The rule in a few words: `type create_cog and file_size_mb above 500`.
    package var summary: String {
        let parts = [
            types.isEmpty ? nil : "type \(types.joined(separator: " or "))",
            labels.isEmpty ? nil : "label \(labels.joined(separator: " or "))",
        ]
        let all = parts[..<1].compactMap { $0 } + params.map(\.summary) + parts[1...].compactMap { $0 }
        return all.isEmpty ? "anything" : all.joined(separator: " and ")
    }
}

/// What a parameter has to be.
package struct ParameterTest: Sendable, Equatable {
    /// The parameter.
    package var name: String
    /// One of these texts, or numbers that are equal; `nil` when it is the size that counts.
    package var oneOf: [String]?
    /// The number is above this.
    package var above: Double?
    /// The number is this or above.
    package var atLeast: Double?
    /// The number is below this.
    package var below: Double?
    /// The number is this or below.
    package var atMost: Double?

    /// Makes a test that every value passes.
    package init(name: String) { self.name = name }

    /// Whether it looks at a number.
    package var looksAtSize: Bool { oneOf == nil }

    /// Whether a value passes.
    package func fits(_ value: ParameterValue) -> Bool {
        if let oneOf {
            return oneOf.contains { text in
                if text == value.text { return true }
                guard let number = NumberText.parse(text), let size = value.size else { return false }
                return number == size
            }
        }
        guard let size = value.size else { return false }
        return size > above ?? -.infinity && size >= atLeast ?? -.infinity && size < below ?? .infinity
            && size <= atMost ?? .infinity
    }

    /// The test in a few words.
    package var summary: String {
        if let oneOf { return "\(name) \(oneOf.joined(separator: " or "))" }
        let bounds = [("above", above), ("at least", atLeast), ("below", below), ("at most", atMost)]
        return "\(name) "
            + bounds.compactMap { words, bound in bound.map { "\(words) \(NumberText.format($0))" } }
            .joined(separator: " and ")
    }
}

/// Which rule takes a task, and why those before it do not.
package struct RouteDecision: Sendable, Equatable {
    /// Where the task goes.
    package var queue: String
    /// The rule, counted from 0; `nil` when none takes it.
    package var rule: Int?
    /// Why each rule before it does not.
    package var misfits: [String]
}

extension TaskRules {
    /// Finds the first rule that takes a task. Without one it goes where its type says, else to the default queue: where
    /// it is said to be.
    package func decide(_ task: TaskSpec) -> RouteDecision {
        var misfits: [String] = []
        for (index, rule) in routing.enumerated() {
            guard let misfit = rule.misfit(of: task) else {
                return RouteDecision(queue: rule.queue, rule: index, misfits: misfits)
            }
            misfits.append(misfit)
        }
        return RouteDecision(queue: task.queue, rule: nil, misfits: misfits)
    }

    /// The task in the queue it goes to, whatever queue it was in.
    package func routed(_ task: TaskSpec) -> TaskSpec {
        var task = task
        task.queue = decide(task).queue
        return task
    }
}
