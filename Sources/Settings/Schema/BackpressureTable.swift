extension SettingTable {
    /// `backpressure`.
    static let backpressure: [SettingDescriptor] = [
        .init(
            "backpressure.interval", \.backpressure.interval, .duration(.milliseconds(100)...(.seconds(3600))),
            "Time between two looks at what follows."),
        .init(
            "backpressure.cpuLoad", \.backpressure.cpuLoad, .watermark(0...1000),
            "The host's load average of the last minute for each CPU. No task is taken once it is above high, until it is "
                + "down to low; one number is high, and low is nine tenths of it.",
            example: levels(2, 1.5)),
        .init(
            "backpressure.memory", \.backpressure.memory, .watermark(0...100),
            "Percent of the host's memory in use, as cpuLoad.", example: levels(90, 80)),
        .init(
            "backpressure.disk", \.backpressure.disk, .watermark(0...100),
            "Percent in use of the file system that state.dir is on, as cpuLoad.", example: levels(95, 90)),
        .init(
            "backpressure.queues", \.backpressure.queues,
            .map(
                of: .watermark(0...1_000_000_000), expected: "names of queues and how long they may be",
                key: NameRules.key),
            "Tasks that are due and wait in queues which others serve, as cpuLoad: nothing is taken while those who come "
                + "after it can't keep up, but for one task at each interval while none runs. Queues that the supervisor "
                + "serves itself are left out.",
            example: .map([("render", levels(1000, 500))])),
    ]

    private static func levels(_ high: Double, _ low: Double) -> YAMLNode {
        .map([("high", .plain(NumberText.format(high))), ("low", .plain(NumberText.format(low)))])
    }
}
