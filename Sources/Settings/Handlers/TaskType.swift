package import TaskModel

/// A kind of task that the configuration declares: what it takes, and what becomes of that.
package struct TaskType: Sendable, Equatable {
    /// What it is for.
    package var documentation: String?
    /// What tasks of it may be given, in the order of the declaration.
    package var parameters: [ParameterSpec]
    /// The task as it is written, with `{{name}}` in the places of parameters.
    let template: YAMLNode

    /// The parameter of a name.
    package func parameter(_ name: String) -> ParameterSpec? { parameters.first { $0.name == name } }

    /// What can hold a parameter. Elsewhere a value could change who runs what: the program itself, the user, what of the
    /// host is shown.
    static let openKeys: Set<String> = [
        "name", "command", "env", "stdin", "workdir", "image", "resources", "worktree", "outputs", "priority",
        "timeout",
        "unique",
    ]

    /// The task that comes of values, at a place of a file. Whatever has no value must not be in the template.
    func task(with values: [String: ParameterValue], at mark: YAMLMark) -> YAMLNode {
        template.mapScalars(path: "") { node, scalar, _ in
            YAMLNode(.scalar(Placeholder.fill(scalar, values)), at: node.mark)
        }.moved(to: mark)
    }
}

/// What a configuration says about how tasks are made.
package struct TaskRules: Sendable, Equatable {
    /// The retry policy of tasks that name none, and of what a policy leaves out.
    package var defaultRetry: RetryPolicy
    /// The types that tasks may be of.
    package var types: [String: TaskType]
    /// Which queue tasks go to that name none themselves.
    package var routing: [RoutingRule]
    /// The queues there are; empty means that any name will do.
    package var queues: [String]

    /// Says what is given; without a word there are no types, and all tasks go to the default queue.
    package init(
        defaultRetry: RetryPolicy = RetryPolicy(), types: [String: TaskType] = [:], routing: [RoutingRule] = [],
        queues: [String] = []
    ) {
        self.defaultRetry = defaultRetry
        self.types = types
        self.routing = routing
        self.queues = queues
    }
}

extension Settings {
    /// How tasks are made.
    package var taskRules: TaskRules {
        TaskRules(defaultRetry: queue.retry, types: handlers, routing: routing, queues: queue.declared)
    }
}
