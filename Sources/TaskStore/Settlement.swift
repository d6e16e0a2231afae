internal import TaskModel

/// Where a task goes when an attempt is over. Pure, and the same for every kind of store.
struct Settlement: Equatable {
    /// One line for the timeline.
    struct Entry: Equatable {
        let kind: TaskEvent.Kind
        let message: String
    }

    /// The task's next state.
    var state: TaskState
    /// Milliseconds from now until it is due again; 0 for terminal states.
    var delay: Int64 = 0
    /// What to add to `failures`.
    var failures = 0
    /// What to add to `interruptions`.
    var interruptions = 0
    /// What to take from `deliveries`.
    var deliveriesBack = 0
    /// What to write to the timeline, in order.
    var entries: [Entry]

    /// The end that the holder of the lease reported. A task that someone asked to stop isn't run again.
    static func ended(_ result: AttemptResult, cancelRequested: Bool) -> Settlement {
        switch result.disposition {
        case .complete:
            return Settlement(state: .complete, entries: [Entry(kind: .completed, message: result.reason)])
        case .cancel:
            return Settlement(state: .cancelled, entries: [Entry(kind: .cancelled, message: result.reason)])
        case .deadLetter(let countsAsFailure):
            var entries = [Entry(kind: .deadLettered, message: explained(result.reason, result.why))]
            if countsAsFailure { entries.insert(Entry(kind: .failed, message: result.reason), at: 0) }
            return Settlement(state: .error, failures: countsAsFailure ? 1 : 0, entries: entries)
        case .retry(let seconds):
            var settlement = again(after: seconds, cancelRequested: cancelRequested)
            settlement.failures = 1
            settlement.entries.insert(Entry(kind: .failed, message: result.reason), at: 0)
            if settlement.state != .cancelled {
                let wait = Double(settlement.delay) / 1000
                settlement.entries.append(
                    Entry(kind: .retryScheduled, message: explained("next attempt in \(wait) s", result.why)))
            }
            return settlement
        case .abandon(let seconds, let countsAsDelivery):
            var settlement = again(after: seconds, cancelRequested: cancelRequested)
            settlement.interruptions = 1
            settlement.deliveriesBack = countsAsDelivery ? 0 : 1
            settlement.entries.insert(Entry(kind: .abandoned, message: explained(result.reason, result.why)), at: 0)
            return settlement
        }
    }

    private static func explained(_ message: String, _ why: String?) -> String {
        why.map { "\(message); \($0)" } ?? message
    }

    /// The end of an attempt whose holder fell silent. `lost` counts the deliveries since the task was submitted or
    /// requeued that came to no end of their own, the lost one included.
    static func lapsed(
        lost: Int, maxDeliveries: Int, cancelRequested: Bool, reason: String
    ) -> (settlement: Settlement, reason: String) {
        switch RecoveredTask.Fate.of(
            lost: lost, maxDeliveries: maxDeliveries, cancelRequested: cancelRequested)
        {
        case .cancelled:
            var settlement = again(after: 0, cancelRequested: true)
            settlement.interruptions = 1
            settlement.entries.insert(Entry(kind: .abandoned, message: reason), at: 0)
            return (settlement, reason)
        case .exhausted:
            let exhausted = "RETRIES_EXHAUSTED: delivered \(lost) times without an end; \(reason)"
            let entries = [
                Entry(kind: .retriesExhausted, message: exhausted), Entry(kind: .deadLettered, message: exhausted),
            ]
            return (Settlement(state: .error, interruptions: 1, entries: entries), exhausted)
        case .requeued:
            let entries = [Entry(kind: .requeuedStale, message: reason)]
            return (Settlement(state: .enqueued, interruptions: 1, entries: entries), reason)
        }
    }

    /// Why a lease is stale: it ran out, perhaps because it could not be renewed any more.
    static func whyStale(hasEnded: Bool) -> String {
        hasEnded ? "its lease ran out and could not be renewed any more (queue.maxLease)" : "its lease ran out"
    }

    /// The end of a task that nobody began in time. `ttl` is in seconds.
    static func expired(after ttl: Double?) -> (settlement: Settlement, reason: String) {
        let limit = ttl.map { " of \($0 == $0.rounded() && abs($0) < 1e15 ? String(Int($0)) : String($0)) s" } ?? ""
        let reason = "expired: nobody began it within its ttl\(limit)"
        let entries = [Entry(kind: .expired, message: reason), Entry(kind: .deadLettered, message: reason)]
        return (Settlement(state: .error, entries: entries), reason)
    }

    /// What the timeline says of an end that came when the lease was lost. It decides nothing.
    static func late(_ result: AttemptResult) -> Entry {
        Entry(
            kind: .resultDiscarded,
            message: "its end came after the lease was lost, and counts for nothing: \(result.outcome.rawValue), "
                + result.reason)
    }

    private static func again(after seconds: Double, cancelRequested: Bool) -> Settlement {
        if cancelRequested {
            let message = "not run again, because it was asked to stop"
            return Settlement(state: .cancelled, entries: [Entry(kind: .cancelled, message: message)])
        }
        let delay = max(0, StoredTime.milliseconds(seconds: seconds))
        return Settlement(state: delay > 0 ? .pending : .enqueued, delay: delay, entries: [])
    }
}
