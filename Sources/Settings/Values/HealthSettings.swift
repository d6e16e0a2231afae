/// How a worker's agent is watched, in containers and local processes alike.
package struct HealthSettings: Sendable, Equatable {
    /// Time between two questions to the agent.
    package var interval: Duration = .seconds(5)
    /// Unanswered questions in a row after which the worker is given up. Enough for one that shares a small CPU limit
    /// with its task.
    package var retries = 6

    /// The defaults.
    package init() {}
}
