import TaskModel

extension SettingTable {
    /// `workers`, without what is in `workers.docker`.
    static let workers: [SettingDescriptor] = [
        .init(
            "workers.mode", \.workers.mode, .choice,
            "What a worker is made of: a container of a Docker or Podman engine, or a process of this host."),
        .init("workers.count", \.workers.count, .integer(1...256), "How many tasks run at once."),
        .init(
            "workers.pool", \.workers.pool,
            .text("a name of a-z, 0-9 and -, at most 40 characters", check: NameRules.pool),
            "The pool's name. It is a label of every container, so several pools can share an engine."),
        .init(
            "workers.fallback", \.workers.fallback, .boolean,
            "Whether local processes take over, with a warning, when there is no engine."),
        .init(
            "workers.fallbackIgnoresNetwork", \.workers.fallbackIgnoresNetwork, .boolean,
            "Whether they do so even where workers.egress or workers.docker.network keep containers from reaching what "
                + "this host reaches, although a local process has all of this host's network."),
        .init(
            "workers.recycle", \.workers.recycle, .recycle,
            "When a worker that has run a task is replaced by a fresh one."),
        .init(
            "workers.spares", \.workers.spares, .spares,
            "Workers made ahead beside count, so that a task need not wait until the worker that ran the one before is "
                + "replaced. auto is 1 with recycle: always, else 0."),
        .init(
            "workers.startTimeout", \.workers.startTimeout, .duration(.seconds(1)...(.seconds(600))),
            "How long a worker may take until it answers; pulling its image is not counted."),
        .init(
            "workers.stopTimeout", \.workers.stopTimeout, .duration(.zero...(.seconds(600))),
            "How long after SIGTERM a worker is killed."),
        .init(
            "workers.shutdownTimeout", \.workers.shutdownTimeout, .duration(.zero...(.seconds(86_400))),
            "How long running tasks may go on when the supervisor is asked to stop. What is not done by then is "
                + "interrupted and goes back to its queue."),
        .init(
            "workers.statsInterval", \.workers.statsInterval, .duration(.seconds(1)...(.seconds(3600))),
            "Time between two measurements of all workers."),
        .init(
            "workers.gcInterval", \.workers.gcInterval, .duration(.seconds(1)...(.seconds(86_400))),
            "Time between two looks for containers, volumes, networks and directories of the pool that are nobody's."),
        .init(
            "workers.highUsageWarning", \.workers.highUsageWarning, .integer(1...100),
            "Percent of a worker's CPU, memory or process limit from which on there is a warning, in the log and on the "
                + "task's timeline. It ends ten points below."),
    ]

    /// `workers.health`.
    static let health: [SettingDescriptor] = [
        .init(
            "workers.health.interval", \.workers.health.interval, .duration(.seconds(1)...(.seconds(60))),
            "Time between two questions to a worker's agent."),
        .init(
            "workers.health.retries", \.workers.health.retries, .integer(1...100),
            "Unanswered questions in a row after which a worker is replaced and its task goes back to the queue. An agent "
                + "that would answer but gets no CPU has four times as long."),
    ]

    /// `workers.autoscale`.
    static let autoscale: [SettingDescriptor] = [
        .init(
            "workers.autoscale.min", \.workers.autoscale.min, .integer(0...256),
            "The fewest workers the pool shrinks to; with 0 an idle pool has no container at all."),
        .init(
            "workers.autoscale.max", \.workers.autoscale.max, .integer(0...256),
            "The most workers the pool grows to. While it is 0 the pool always has count."),
        .init(
            "workers.autoscale.targetQueueLength", \.workers.autoscale.targetQueueLength, .integer(1...10_000),
            "How many waiting tasks one more worker is made for."),
        .init(
            "workers.autoscale.idleTimeout", \.workers.autoscale.idleTimeout,
            .duration(.seconds(1)...(.seconds(86_400))), "How long workers stay after they were last needed."),
    ]
}
