package import TaskModel

/// Compares what the supervisors saw with what the store tells in the end. Pure.
///
/// Times of calls are compared only where they don't overlap: a call that began after another one had ended must not
/// contradict it, whatever happened in between.
package struct HistoryChecker {
    /// How long a lease lasts, in nanoseconds.
    let lease: Int64
    /// How much clocks may differ: the store counts leases by its own one, in whole milliseconds.
    let slack: Int64

    /// Checks histories of leases that last so many nanoseconds.
    package init(lease: Int64, slack: Int64 = 100_000_000) {
        self.lease = lease
        self.slack = slack
    }

    /// Everything that must never be. `timelines` holds the events of each task that is in the store.
    package func violations(
        _ records: [HistoryRecord], timelines: [String: [TaskEvent]]
    ) -> [HistoryViolation] {
        let byTask = Dictionary(grouping: records, by: \.task)
        var found: [HistoryViolation] = []
        for task in Set(byTask.keys).union(timelines.keys).sorted() {
            let records = byTask[task] ?? []
            guard let events = timelines[task], !events.isEmpty else {
                found.append(HistoryViolation(.lost, task, "it was accepted and is not there"))
                continue
            }
            let calls = TaskCalls(task, records)
            found += calls.claimedTwice + calls.acceptedWhenOver + overlaps(calls) + ends(calls, events)
            found += TimelineRules(task, events).violations(calls)
        }
        return found
    }

    /// A lease that nobody ended must have run out before the next one.
    private func overlaps(_ calls: TaskCalls) -> [HistoryViolation] {
        zip(calls.claims, calls.claims.dropFirst()).compactMap { claim, next in
            let writes = calls.writes(of: claim.attempt)
            // Whoever meant to end it may have.
            if writes.contains(where: { $0.kind == .intend && $0.begun < next.ended }) { return nil }
            let held = writes.filter { $0.kind == .renew && $0.isAccepted }.map(\.begun).max()
            let until = max(claim.begun, held ?? 0) + lease
            guard next.ended < until - slack else { return nil }
            return HistoryViolation(
                .overlap, calls.task,
                "attempt \(next.attempt) began \((until - next.ended) / 1_000_000) ms before the lease of attempt "
                    + "\(claim.attempt) ran out")
        }
    }

    /// It ended once, by an attempt that meant to end it, and by the one that was told so.
    private func ends(_ calls: TaskCalls, _ events: [TaskEvent]) -> [HistoryViolation] {
        let completed = events.filter { $0.kind == .completed }.map(\.attempt)
        let told = calls.all.filter { $0.kind == .finish && $0.isAccepted && $0.detail == "complete" }.map(\.attempt)
        guard let first = completed.first else {
            let words = told.isEmpty ? "it never ended" : "an end of it was accepted and is not there"
            return [HistoryViolation(.lost, calls.task, words)]
        }
        var found: [HistoryViolation] = []
        func twice(_ words: String) { found.append(HistoryViolation(.completedTwice, calls.task, words)) }
        if completed.count > 1 { twice("it ended \(completed.count) times, by the attempts \(completed)") }
        if told.count > 1 { twice("\(told.count) ends of it were accepted, of the attempts \(told)") }
        if told.contains(where: { $0 != first }) {
            twice("the ends of attempts \(told) were accepted, not that of \(first)")
        }
        let meant = calls.writes(of: first).contains { $0.kind == .intend && $0.detail == "complete" }
        if !meant { twice("attempt \(first) ended it, and did not mean to") }
        return found
    }
}
