internal import TaskModel

/// How many tasks of a queue a supervisor runs at once, by how well that goes: half as many after an end that was not
/// the task's fault, and one more for each time that as many ended well. Pure.
///
/// Only the first of several such ends counts that have one cause: those of attempts which began before the cut say nothing
/// about it. A queue that is back at as many as there are workers has no limit any more.
struct QueueConcurrency: Sendable {
    private struct Limit {
        var value: Double
        var cutAt: ContinuousClock.Instant
    }

    private var limits: [String: Limit] = [:]

    /// How many may run, of the queues that are limited.
    var current: [String: Int] { limits.mapValues { Int($0.value) } }

    /// Notes the end of an attempt that began at `begun`, beside which `running` of its queue ran, itself included, where
    /// there are `workers`. Returns the new limit if it was cut.
    mutating func ended(
        _ queue: String, isHealthy: Bool, begun: ContinuousClock.Instant, running: Int, workers: Int,
        at now: ContinuousClock.Instant
    ) -> Int? {
        let limit = limits[queue]
        if isHealthy {
            guard var limit else { return nil }
            limit.value += 1 / limit.value
            // Rounding must not keep the last one away.
            limits[queue] = limit.value + 0.001 >= Double(workers) ? nil : limit
            return nil
        }
        if let limit, begun < limit.cutAt { return nil }
        let now = Limit(value: max(1, (min(limit?.value ?? .infinity, Double(running)) / 2).rounded(.down)), cutAt: now)
        limits[queue] = now
        return Int(now.value)
    }
}

extension RetryDecision {
    /// Whether an attempt's end says that what it ran on works, whatever it did itself; `nil` when it says nothing.
    func speaksWell(of outcome: TaskOutcome) -> Bool? {
        switch (outcome, disposition) {
        case (.leaseLost, _), (.interrupted, _), (.cancelled, _), (_, .abandon(_, countsAsDelivery: false)): nil
        case (_, .abandon), (_, .deadLetter(countsAsFailure: false)): false
        default: true
        }
    }
}
