import TaskModel

extension SettingTable {
    /// `queue`.
    static let queue: [SettingDescriptor] = [
        .init(
            "queue.queues", \.queue.queues, .list(of: .name("the name of a queue")),
            "The queues this supervisor serves; all of them while it is empty.", example: .list([.text("default")])),
        .init(
            "queue.weights", \.queue.weights,
            .map(of: .integer(1...1000), expected: "names of queues and their weights", key: NameRules.key),
            "How many tasks are taken of a queue, beside one of each that is not named here; within a queue by priority, then "
                + "age. Without weights priority and age count over all queues.",
            example: .map([("default", .plain("4"))])),
        .init(
            "queue.oldestEvery", \.queue.oldestEvery, .integer(0...1000),
            "Each so-many-th time that this supervisor takes tasks, the oldest come first, whatever their priorities, so that "
                + "none waits without end while those of a higher priority keep coming. 0 means never, 1 that priorities "
                + "don't count."),
        .init(
            "queue.adaptive", \.queue.adaptive, .boolean,
            "Whether this supervisor runs half as many tasks of a queue at once after one ended through no fault of its own "
                + "(a lost worker, or what its retry rules call infrastructure), and one more for each time as many ended "
                + "otherwise."),
        .init(
            "queue.declared", \.queue.declared, .list(of: .name("the name of a queue")),
            "The queues there are. Then no task, no rule and no role may name another; while it is empty, any name will do "
                + "for tasks, and rules may name the queues that queue.queues or roles name.",
            example: .list([.text("default"), .text("heavy")])),
        .init(
            "queue.lease", \.queue.lease, .duration(.seconds(2)...(.seconds(3600))),
            "How long a claim is valid without being renewed. When a supervisor dies, its tasks run on and wait for the "
                + "next one of the same pool for this time less heartbeat; after that they go back to their queue."),
        .init(
            "queue.heartbeat", \.queue.heartbeat, .duration(.milliseconds(100)...(.seconds(1800))),
            "Time between two renewals of all claims; less than half of lease."),
        .init(
            "queue.maxLease", \.queue.maxLease,
            ScalarFormat.duration(.seconds(1)...(.seconds(31_536_000))).orNone("none"),
            "How long after its claim an attempt is stopped, and its claim can't be renewed any more, whatever its supervisor "
                + "does. It is never less than what the time-out needs: the task's own, and always defaultTimeout, each with "
                + "workers.startTimeout, workers.stopTimeout and ten minutes more."),
        .init(
            "queue.recovery", \.queue.recovery, .choice,
            "What is done every sweepInterval about claims that ran out: enforce gives the tasks back to their queues, or "
                + "makes dead letters of those that were lost maxDeliveries times; observe only says so; off does "
                + "nothing."),
        .init(
            "queue.sweepInterval", \.queue.sweepInterval, .duration(.milliseconds(100)...(.seconds(3600))),
            "Time between two looks for claims that nobody renews any more."),
        .init(
            "queue.maxDeliveries", \.queue.maxDeliveries, .integer(1...1000),
            "Deliveries of a task that come to no end of their own (a lost worker, a claim that ran out, infrastructure that "
                + "is away) until it becomes a dead letter. What the task fails by itself is limited by its retry policy, and "
                + "interruptions by maxInterruptions. A task that asks for "
                + "another attempt (exit code 75) may be delivered so often in all."),
        .init(
            "queue.maxInterruptions", \.queue.maxInterruptions, .integer(1...1_000_000),
            "Interruptions of a task, such as shutdowns, that are free; further ones count against maxDeliveries, so that a "
                + "task that never comes to its end is not resumed for ever."),
        .init(
            "queue.pollInterval", \.queue.pollInterval, .duration(.milliseconds(10)...(.seconds(60))),
            "Time between two looks for tasks of other hosts and delayed ones. Tasks of this host are announced."),
        .init(
            "queue.wakeups", \.queue.wakeups, .choice,
            "How supervisors hear of tasks of other hosts: by polling, by events of the database (PostgreSQL only), or both."
        ),
        .init(
            "queue.defaultTimeout", \.queue.defaultTimeout,
            ScalarFormat.duration(.milliseconds(10)...(.seconds(31_536_000))).orNone("none"),
            "How long an attempt may run when its task does not say."),
        .init(
            "queue.retry.maxAttempts", \.queue.retry.maxAttempts, .integer(1...1000),
            "Attempts that may fail before a task becomes a dead letter; 1 means no retry."),
        .init(
            "queue.retry.backoff", \.queue.retry.backoff, .seconds(.zero...(.seconds(86_400))),
            "Wait before the first retry; it doubles with each further one."),
        .init(
            "queue.retry.maxBackoff", \.queue.retry.maxBackoff, .seconds(.zero...(.seconds(604_800))),
            "The longest wait before a retry."),
        .init(
            "queue.retry.rules", \.queue.retry.ruleList, .retryRules,
            "What failures mean: the first rule whose conditions all hold counts. exitCode (1 to 255, ranges), outcome and "
                + "output (a text on a line of the last 64 KiB of the log, * for anything) are conditions; then says "
                + "retryable, fatal (not tried again) or infrastructure (tried again up to maxDeliveries, and not "
                + "counted as a failure).",
            example: .list([
                .map([("exitCode", .list([.plain("2"), .plain("64-78")])), ("then", .plain("fatal"))]),
                .map([("output", .text("Connection refused")), ("then", .plain("infrastructure"))]),
            ])),
    ]
}
