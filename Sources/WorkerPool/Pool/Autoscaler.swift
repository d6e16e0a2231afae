package import Settings

/// How many tasks a pool should run at once, from what waits and what runs. Pure.
///
/// It goes up at once, and down to the most that was wanted within the idle time-out, so that a pool does not shrink
/// between two bursts (the "stabilization window" of Kubernetes' horizontal pod autoscaler).
package struct Autoscaler: Sendable {
    private let rules: AutoscaleSettings
    /// What was wanted within the idle time-out, strictly falling, so never longer than the range is wide.
    private var peaks: [(at: ContinuousClock.Instant, wanted: Int)] = []

    /// Makes one that has seen nothing.
    package init(rules: AutoscaleSettings) { self.rules = rules }

    /// The number of tasks to run at once, now that `waiting` tasks wait and `busy` run.
    package mutating func target(waiting: Int, busy: Int, at now: ContinuousClock.Instant) -> Int {
        let needed = busy + (waiting + rules.targetQueueLength - 1) / rules.targetQueueLength
        let wanted = min(max(needed, rules.min), rules.max)
        while let last = peaks.last, last.wanted <= wanted { peaks.removeLast() }
        peaks.append((now, wanted))
        while let first = peaks.first, first.at.advanced(by: rules.idleTimeout) <= now, peaks.count > 1 {
            peaks.removeFirst()
        }
        return peaks[0].wanted
    }
}
