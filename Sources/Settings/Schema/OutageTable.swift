extension SettingTable {
    /// `workers.docker.outage`.
    static let dockerOutage: [SettingDescriptor] = [
        .init(
            "workers.docker.outage.checkInterval", \.workers.docker.outage.checkInterval,
            .duration(.milliseconds(100)...(.seconds(3600))), "Time between two looks at whether the engine answers."),
        .init(
            "workers.docker.outage.keepLeases", \.workers.docker.outage.keepLeases,
            .duration(.seconds(1)...(.seconds(86_400))),
            "How long a task is kept that waits for a container, or whose worker can't be looked at, before it goes "
                + "back to its queue."),
        .init(
            "workers.docker.outage.fallbackAfter", \.workers.docker.outage.fallbackAfter,
            .duration(.zero...(.seconds(86_400))),
            "How long the engine may be away before local processes stand in, if workers.fallback is true, for tasks "
                + "that accept them."),
    ]
}
