internal import Synchronization
package import TaskModel
internal import WorkerPool

/// The attempts this supervisor holds leases of. By lease and not by task: a task that was given back may be claimed
/// again before the end of its earlier attempt is tidied up.
package final class AttemptRegistry: Sendable {
    private let attempts = Mutex<[Lease: RunningAttempt]>([:])

    /// Makes an empty registry.
    package init() {}

    /// Every attempt.
    package var all: [RunningAttempt] { attempts.withLock { Array($0.values) } }

    /// How many there are.
    package var count: Int { attempts.withLock { $0.count } }

    /// Whether any of them has not come to its end, so that only that is to be written down.
    var runsTasks: Bool { all.contains { $0.stage != .concluding } }

    /// The attempt that runs under a lease.
    package func attempt(under lease: Lease) -> RunningAttempt? { attempts.withLock { $0[lease] } }

    /// Puts what was measured on the timeline of the attempt it concerns.
    func tell(_ alert: UsageAlert) {
        guard let reference = alert.attempt else { return }
        all.first { $0.ref == reference }?.tell(.usage(isHigh: alert.isHigh, alert.message))
    }

    /// Notes what was seen of the attempt it concerns.
    func note(_ measurement: AttemptMeasurement) {
        all.first { $0.ref == measurement.attempt }?.note(measurement)
    }

    func add(_ attempt: RunningAttempt) { attempts.withLock { $0[attempt.claim.lease] = attempt } }

    func remove(_ attempt: RunningAttempt) { attempts.withLock { $0[attempt.claim.lease] = nil } }
}
