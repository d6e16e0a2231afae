/// How long tasks that have ended are kept, with all that belongs to them.
package struct RetentionSettings: Sendable, Equatable {
    /// How long those that succeeded are kept; `nil` is for ever.
    package var complete: Duration? = .seconds(7 * 86_400)
    /// How long those that were cancelled are kept.
    package var cancelled: Duration? = .seconds(7 * 86_400)
    /// How long those that failed for good are kept.
    package var deadLetters: Duration? = .seconds(30 * 86_400)
    /// How many that succeeded or were cancelled are kept at most.
    package var maxEnded = 1_000_000
    /// How many that failed for good are kept at most.
    package var maxDeadLetters = 100_000
    /// How long is known what was done by hand.
    package var audit: Duration? = .seconds(90 * 86_400)
    /// Whether the outputs of a task in the state directory stay when it is forgotten.
    package var keepOutputs = false
    /// Time between two looks for what has to go.
    package var interval: Duration = .seconds(600)

    /// The defaults.
    package init() {}
}
