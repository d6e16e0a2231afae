extension SettingTable {
    /// `retention`.
    static let retention: [SettingDescriptor] = [
        .init(
            "retention.complete", \.retention.complete, age,
            "How long after its end a task that succeeded is forgotten, with its attempts and timeline, its logs, "
                + "scratch and (unless keepOutputs) outputs in the state directory of each host, and the artifacts of its "
                + "checkpoints."),
        .init("retention.cancelled", \.retention.cancelled, age, "The same for tasks that were cancelled."),
        .init("retention.deadLetters", \.retention.deadLetters, age, "The same for tasks that failed for good."),
        .init(
            "retention.maxEnded", \.retention.maxEnded, .integer(0...1_000_000_000),
            "How many tasks that succeeded or were cancelled are kept at most; beyond that those submitted first go."),
        .init(
            "retention.maxDeadLetters", \.retention.maxDeadLetters, .integer(0...1_000_000_000),
            "The same for tasks that failed for good."),
        .init(
            "retention.audit", \.retention.audit, age, "How long is kept who did what by hand (`acode db audit`)."),
        .init(
            "retention.keepOutputs", \.retention.keepOutputs, .boolean,
            "Whether outputs below state.dir stay when their task is forgotten. Outputs with a destination of their own "
                + "always do."),
        .init(
            "retention.interval", \.retention.interval, .duration(.milliseconds(100)...(.seconds(86_400))),
            "Time between two looks for what has to go."),
    ]

    private static let age = ScalarFormat.duration(.seconds(1)...(.seconds(3650 * 86_400))).orNone("never")
}
