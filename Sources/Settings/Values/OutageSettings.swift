/// What happens while the engine does not answer.
package struct OutageSettings: Sendable, Equatable {
    /// Time between two pings of an engine that answers.
    package var checkInterval: Duration = .seconds(5)
    /// How long the lease of a task is kept that waits for a container, or whose agent is gone too, before it is given back.
    package var keepLeases: Duration = .seconds(60)
    /// How long the engine may be away before local processes stand in, where `workers.fallback` allows that.
    package var fallbackAfter: Duration = .seconds(30)

    /// The defaults.
    package init() {}
}
