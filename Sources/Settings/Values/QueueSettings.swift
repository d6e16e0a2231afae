package import TaskModel

/// How tasks are claimed, renewed and retried.
package struct QueueSettings: Sendable, Equatable {
    /// The names of the queues served; empty means all.
    package var queues: [String] = []
    /// The names of the queues there are; empty means that any name will do.
    package var declared: [String] = []
    /// How long a claim is valid without being renewed.
    package var lease: Duration = .seconds(90)
    /// Time between two renewals of all claims; less than half of `lease`.
    package var heartbeat: Duration = .seconds(10)
    /// Time between two looks for claims that nobody renews any more.
    package var sweepInterval: Duration = .seconds(5)
    /// What is done about claims that nobody renews any more.
    package var recovery = RecoveryMode.enforce
    /// For how long a claim can be renewed, unless time-outs need longer; `nil` means without an end.
    package var maxLease: Duration? = .seconds(7200)
    /// How many tasks are taken of a queue for one of a queue that is not named; empty means that queues don't count.
    package var weights: [String: Int] = [:]
    /// Each so-many-th time that tasks are taken the oldest come first, whatever their priorities; 0 means never.
    package var oldestEvery = 8
    /// Whether fewer tasks of a queue run at once while ends multiply that are not their fault.
    package var adaptive = false
    /// Attempts of any kind after which a task becomes a dead letter.
    package var maxDeliveries = 5
    /// Interruptions of a task after which further ones count as deliveries.
    package var maxInterruptions = 100
    /// Time between two looks for tasks that nobody announced.
    package var pollInterval: Duration = .milliseconds(500)
    /// How a supervisor comes to know of tasks that nobody announced on its control socket.
    package var wakeups: Wakeups = .hybrid
    /// How long an attempt may run when its task does not say; `nil` means no limit.
    package var defaultTimeout: Duration? = .seconds(7200)
    /// The retry policy of tasks that name none.
    package var retry = RetryPolicy()

    /// The defaults.
    package init() {}

    /// Ways to come to know of tasks.
    package enum Wakeups: String, Sendable, CaseIterable {
        /// Events, and polling in case one is missed.
        case hybrid
        /// Polling alone.
        case polling
        /// Events alone. Polls only while they can't be heard, and when a task waits for its time.
        case events
    }
}

/// What a supervisor does about claims that nobody renews any more.
package enum RecoveryMode: String, Sendable, CaseIterable {
    /// Nothing.
    case off
    /// It says what it would do.
    case observe
    /// It gives the tasks back to their queues.
    case enforce
}

extension RetryPolicy {
    /// Its rules as a list, which may be empty.
    var ruleList: [RetryRule] {
        get { rules ?? [] }
        set { rules = newValue.isEmpty ? nil : newValue }
    }
}
