package import Foundation

/// A task as the store knows it: its specification and where it stands.
package struct QueuedTask: Codable, Sendable, Equatable {
    /// Its id.
    package var id: TaskID
    /// What to run.
    package var spec: TaskSpec
    /// Where it stands.
    package var state: TaskState
    /// How the last attempt ended; `nil` before the first has ended.
    package var outcome: TaskOutcome?
    /// The last attempt's exit code: 0…255, or 128 + signal number.
    package var exitCode: Int?
    /// The last attempt's end in plain words.
    package var reason: String?
    /// The worker of the last attempt.
    package var worker: WorkerID?
    /// Attempts begun so far; the number of the current or last one.
    package var attempt: Int
    /// Attempts begun since it was submitted or requeued by hand, without those that we interrupted ourselves.
    package var deliveries: Int
    /// Attempts that ended in the task's own failure.
    package var failures: Int
    /// Deliveries that came to no end of their own: the worker was lost, the lease ran out, what they needed was away. These
    /// are what `queue.maxDeliveries` limits, and the current one counts as such until it has ended.
    package var lostDeliveries: Int { max(0, deliveries - failures) }
    /// Attempts that were interrupted or lost through no fault of the task.
    package var interruptions: Int
    /// Whether someone asked for it to stop.
    package var cancelRequested: Bool
    /// Last reported progress in percent.
    package var progress: Double?
    /// Where its next attempt would go on; `nil` when that begins from the start.
    package var checkpoint: CheckpointMark?
    /// When it was submitted, by the store's clock.
    package var createdAt: Date
    /// When it is or was due.
    package var runAt: Date
    /// When the current or last attempt began.
    package var startedAt: Date?
    /// When it reached a terminal state.
    package var finishedAt: Date?

    /// Makes a freshly submitted task.
    package init(id: TaskID, spec: TaskSpec, createdAt: Date) {
        self.id = id
        self.spec = spec
        self.createdAt = createdAt
        runAt = createdAt.addingTimeInterval(spec.delay)
        state = spec.delay > 0 ? .pending : .enqueued
        attempt = 0
        deliveries = 0
        failures = 0
        interruptions = 0
        cancelRequested = false
    }
}

/// One run of a task on one worker, as kept in its history.
package struct TaskAttempt: Codable, Sendable, Equatable {
    /// The task.
    package var taskID: TaskID
    /// 1 for the first attempt.
    package var attempt: Int
    /// Who held the lease.
    package var supervisor: SupervisorID
    /// The host of that supervisor, for people: other machines may have the same name.
    package var host: String
    /// The installation of that supervisor, which has the attempt's log; `nil` when nobody noted it.
    package var installation: String?
    /// Where it ran; `nil` when it never reached a worker.
    package var worker: WorkerID?
    /// When it was claimed.
    package var claimedAt: Date
    /// When the command began; `nil` when it never did.
    package var startedAt: Date?
    /// When it ended; `nil` while it runs.
    package var finishedAt: Date?
    /// How it ended.
    package var outcome: TaskOutcome?
    /// 0…255, or 128 + signal number.
    package var exitCode: Int?
    /// Its end in plain words.
    package var reason: String?
    /// The last progress it reported, 0…100; `nil` when it reported none.
    package var progress: Double?
    /// What it used.
    package var usage: AttemptUsage?
    /// What it used beside its limits.
    package var report: AttemptReport?
    /// What its command wrote to its result file: JSON.
    package var result: String?

    /// Makes the record of an attempt that was just claimed.
    package init(taskID: TaskID, attempt: Int, supervisor: SupervisorID, host: String, claimedAt: Date) {
        self.taskID = taskID
        self.attempt = attempt
        self.supervisor = supervisor
        self.host = host
        self.claimedAt = claimedAt
    }
}

/// What an attempt used, from the kernel's accounting.
package struct AttemptUsage: Codable, Sendable, Equatable {
    /// Wall-clock seconds from start to exit.
    package var wallSeconds: Double
    /// CPU seconds, user and system together.
    package var cpuSeconds: Double
    /// The largest resident set of one process, in bytes.
    package var maxResidentBytes: Int64
    /// Bytes the command wrote to its outputs.
    package var outputBytes: Int64
    /// Bytes of output that could not be kept.
    package var outputDropped: Int64

    /// Makes a usage record.
    package init(
        wallSeconds: Double, cpuSeconds: Double, maxResidentBytes: Int64, outputBytes: Int64, outputDropped: Int64 = 0
    ) {
        self.wallSeconds = wallSeconds
        self.cpuSeconds = cpuSeconds
        self.maxResidentBytes = maxResidentBytes
        self.outputBytes = outputBytes
        self.outputDropped = outputDropped
    }
}
