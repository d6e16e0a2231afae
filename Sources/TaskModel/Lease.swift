package import Foundation

/// The time-limited right of a supervisor to run one attempt. Its token fences every write of the attempt.
package struct Lease: Codable, Sendable, Hashable {
    /// The task.
    package let taskID: TaskID
    /// The attempt it is for.
    package let attempt: Int
    /// Random for each claim; a write that names another token is refused.
    package let token: Int64

    /// Makes a lease as a store's claim returns it.
    package init(taskID: TaskID, attempt: Int, token: Int64) {
        self.taskID = taskID
        self.attempt = attempt
        self.token = token
    }

    /// The token alone tells leases apart well enough.
    package func hash(into hasher: inout Hasher) { hasher.combine(token) }
}

/// A task together with the right to run its next attempt.
package struct ClaimedTask: Sendable {
    /// The task; its `attempt` is the claimed one.
    package let task: QueuedTask
    /// The right to run it.
    package let lease: Lease
    /// For how long from now that right can be renewed, whatever happens; `nil` means without an end.
    package let renewable: Duration?

    /// Pairs a task with its lease.
    package init(task: QueuedTask, lease: Lease, renewable: Duration? = nil) {
        self.task = task
        self.lease = lease
        self.renewable = renewable
    }
}

/// What becomes of a task when an attempt has ended.
package enum Disposition: Codable, Sendable, Equatable {
    /// It succeeded: `complete`.
    case complete
    /// Its own failure, to be tried again after the delay in seconds: `pending`, `failures` + 1.
    case retry(delay: Double)
    /// Not its failure: back to the queue after the delay in seconds, `interruptions` + 1. An end that we wanted, such as a
    /// shutdown, does not count as a delivery, so that a long task survives any number of them.
    case abandon(delay: Double, countsAsDelivery: Bool = true)
    /// It failed for good: `error`, `failures` + 1 when the failure was its own.
    case deadLetter(countsAsFailure: Bool)
    /// It was cancelled: `cancelled`.
    case cancel

    /// Whether the task has ended and nobody can put it back.
    package var isFinal: Bool { self == .complete }

    /// The same, but another attempt begins after so many seconds at the earliest.
    package func waiting(atLeast seconds: Double) -> Disposition {
        switch self {
        case .retry(let delay): .retry(delay: max(delay, seconds))
        case .abandon(let delay, let counts): .abandon(delay: max(delay, seconds), countsAsDelivery: counts)
        case .complete, .deadLetter, .cancel: self
        }
    }

    /// Whether another attempt follows.
    package var triesAgain: Bool {
        switch self {
        case .retry, .abandon: true
        case .complete, .deadLetter, .cancel: false
        }
    }
}

/// How an attempt ended, as written to the store in one fenced statement.
package struct AttemptResult: Codable, Sendable, Equatable {
    /// In one word.
    package var outcome: TaskOutcome
    /// 0…255, or 128 + signal number; `nil` when no command ran to its end.
    package var exitCode: Int?
    /// In plain words.
    package var reason: String
    /// What it used; `nil` when no command ran.
    package var usage: AttemptUsage?
    /// What it used beside its limits; `nil` when no command ran.
    package var report: AttemptReport?
    /// The worker its command ran on; `nil` when no command ran.
    package var worker: WorkerID?
    /// When its command began; `nil` when no command ran.
    package var startedAt: Date?
    /// How far it had come, as it said last to the supervisor that ends it; `nil` when it said nothing. Lines of the timeline
    /// may be lost while the store is away, this is not.
    package var progress: Double?
    /// What becomes of the task.
    package var disposition: Disposition
    /// What the command wrote to its result file: JSON.
    package var result: String?
    /// Why the task is tried again or not, for its timeline; `nil` where that goes without saying.
    package var why: String?

    /// Makes a result.
    package init(
        outcome: TaskOutcome, exitCode: Int? = nil, reason: String, usage: AttemptUsage? = nil,
        report: AttemptReport? = nil, worker: WorkerID? = nil, startedAt: Date? = nil, progress: Double? = nil,
        disposition: Disposition, result: String? = nil, why: String? = nil
    ) {
        self.outcome = outcome
        self.exitCode = exitCode
        self.reason = reason
        self.usage = usage
        self.report = report
        self.worker = worker
        self.startedAt = startedAt
        self.progress = progress
        self.disposition = disposition
        self.result = result
        self.why = why
    }
}
