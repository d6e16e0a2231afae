internal import TaskModel

/// How long tasks wait that were given back because nobody heard of their claim. Pure.
///
/// An answer that never comes, perhaps because of what is in the task, would otherwise have the same task claimed and given back
/// for ever, at each heartbeat. So the wait doubles each time in a row, from none at first.
struct StrayDelays: Sendable {
    private struct Past {
        var count: Int
        var last: ContinuousClock.Instant
    }

    /// The longest wait, in seconds.
    static let longest = 300.0
    /// After so long without another time it is the first again. Longer than any wait.
    private static let memory = Duration.seconds(3600)
    private var past: [TaskID: Past] = [:]

    /// Notes that a task was given back.
    mutating func gaveBack(_ task: TaskID, now: ContinuousClock.Instant) {
        past = past.filter { now - $0.value.last < Self.memory }
        past[task] = Past(count: (past[task]?.count ?? 0) + 1, last: now)
    }

    /// How many seconds a task is to wait that is given back now.
    func delay(for task: TaskID, now: ContinuousClock.Instant) -> Double {
        guard let past = past[task], now - past.last < Self.memory else { return 0 }
        let count = past.count
        // 2^9 s are more than the longest.
        return min(Self.longest, Double(1 << min(count - 1, 9)))
    }
}
