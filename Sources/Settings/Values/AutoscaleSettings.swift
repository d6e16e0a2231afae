/// How a pool grows and shrinks with its queues.
package struct AutoscaleSettings: Sendable, Equatable {
    /// The fewest tasks that can run at once.
    package var min = 0
    /// The most tasks that can run at once; 0 means the pool's size is fixed.
    package var max = 0
    /// Waiting tasks for which one more worker is wanted.
    package var targetQueueLength = 1
    /// How long a worker that is not needed stays.
    package var idleTimeout: Duration = .seconds(60)

    /// The defaults.
    package init() {}

    /// Whether the pool's size follows its queues.
    package var isOn: Bool { max > 0 }
}
