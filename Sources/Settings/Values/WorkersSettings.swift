package import TaskModel

/// The pool of workers that one supervisor owns.
package struct WorkersSettings: Sendable, Equatable {
    /// Containers or local processes.
    package var mode: WorkerMode = .docker
    /// How many tasks run at once.
    package var count = 4
    /// The pool's name; supervisors of one pool on one host replace each other.
    package var pool = "default"
    /// Whether local processes take over when there is no engine.
    package var fallback = true
    /// Whether that is also done where local processes reach more than containers would.
    package var fallbackIgnoresNetwork = false
    /// When a worker that has run a task is replaced by a fresh one.
    package var recycle: RecyclePolicy = .onFailure
    /// How many workers are made ahead beside `count`; `nil` means one where every task gets a worker of its own.
    package var spares: Int?
    /// How the pool grows and shrinks with its queues.
    package var autoscale = AutoscaleSettings()
    /// How a worker's agent is watched.
    package var health = HealthSettings()
    /// How long a worker may take from creation until its agent answers.
    package var startTimeout: Duration = .seconds(30)
    /// How long a worker is asked politely before it is killed.
    package var stopTimeout: Duration = .seconds(10)
    /// How long running tasks may go on after SIGTERM before they are interrupted.
    package var shutdownTimeout: Duration = .seconds(60)
    /// Time between two measurements of all workers.
    package var statsInterval: Duration = .seconds(5)
    /// Time between two looks for objects of the pool that are nobody's.
    package var gcInterval: Duration = .seconds(300)
    /// Percent of a limit above which a warning is given.
    package var highUsageWarning = 90
    /// Where tasks may connect to.
    package var egress: EgressPolicy = .allowAll
    /// What concerns containers only.
    package var docker = DockerSettings()

    /// The defaults.
    package init() {}

    /// How many workers are made ahead.
    package var sparesInForce: Int { spares ?? (recycle == .always ? 1 : 0) }
}

/// When a worker that has run a task is replaced by a fresh one.
package enum RecyclePolicy: Sendable, Hashable {
    /// It runs one task after another until it breaks.
    case never
    /// After a task that did not succeed.
    case onFailure
    /// After every task.
    case always
    /// After this many tasks, and after one that did not succeed; at least 1.
    case afterTasks(Int)
}
