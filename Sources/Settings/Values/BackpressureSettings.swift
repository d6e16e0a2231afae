/// When a supervisor takes no tasks because its host, or who comes after it, has enough to do.
package struct BackpressureSettings: Sendable, Equatable {
    /// Time between two looks.
    package var interval: Duration = .seconds(2)
    /// The load average of the last minute for each CPU; `nil` is not looked at.
    package var cpuLoad: Watermark?
    /// Percent of the host's memory that is in use.
    package var memory: Watermark?
    /// Percent of the state directory's file system that is in use.
    package var disk: Watermark?
    /// Waiting tasks of other queues, by name.
    package var queues: [String: Watermark] = [:]

    /// The defaults: nothing is looked at.
    package init() {}

    /// Whether anything is looked at.
    package var isOn: Bool { cpuLoad != nil || memory != nil || disk != nil || !queues.isEmpty }
}

/// Two levels of one measure: from above the high one on there is a pause, which lasts until it is below the low one
/// again, so that a measure that wavers around one level changes nothing.
package struct Watermark: Sendable, Hashable {
    /// Above this a pause begins.
    package var high: Double
    /// Below this, or at it, the pause ends; not more than `high`.
    package var low: Double

    /// Makes a pair of levels; the low one is nine tenths of the high one unless given.
    package init(high: Double, low: Double? = nil) {
        self.high = high
        self.low = low ?? (high * 9).rounded() / 10
    }
}
