/// Where a task stands in its life. The raw values are the names users see in JSON and in the database.
package enum TaskState: String, Codable, Sendable, CaseIterable {
    /// Accepted but not due: delayed, or waiting for its next retry. Can transition to `enqueued`, `cancelled`.
    case pending
    /// Due and waiting for a worker. Can transition to `inProgress`, `cancelled`, `error` (expired).
    case enqueued
    /// Held under a lease by one supervisor. Can transition to every state but `resolvedManually`.
    case inProgress
    /// A workflow step whose result waits for evaluation. Can transition to `complete`, `error`, `enqueued`.
    case enqueuedForOrchestration
    /// Succeeded. Final.
    case complete
    /// Failed for good; a dead letter until someone requeues it. Can transition to `enqueued`, `resolvedManually`.
    case error
    /// Stopped on request. Final.
    case cancelled
    /// Settled by a person. Final.
    case resolvedManually

    /// Whether nothing more happens to the task by itself.
    package var isTerminal: Bool {
        switch self {
        case .complete, .error, .cancelled, .resolvedManually: true
        case .pending, .enqueued, .inProgress, .enqueuedForOrchestration: false
        }
    }
}

/// How one attempt ended, in one word. The raw values are stable: they appear in JSON, metrics and the database.
package enum TaskOutcome: String, Codable, Sendable, CaseIterable {
    /// The command exited 0.
    case succeeded
    /// The command exited with another code, or died by a signal that nobody here sent.
    case failed
    /// The kernel killed the command because the worker reached its memory limit.
    case oomKilled = "oom_killed"
    /// The worker's writable places held more than its disk limit, and acode killed the command.
    case diskLimitExceeded = "disk_limit_exceeded"
    /// The command wrote more output than is kept, and `logs.onLimit` says that this fails it.
    case outputLimitExceeded = "output_limit_exceeded"
    /// The attempt ran longer than its time-out and was stopped.
    case timedOut = "timed_out"
    /// Someone cancelled the task.
    case cancelled
    /// A graceful shutdown or a drain stopped the attempt; it will be resumed.
    case interrupted
    /// The command could not be started: not found, not executable, wrong architecture, no such directory.
    case startFailed = "start_failed"
    /// The worker could not be provided: its image, limits or mounts were refused by the engine.
    case workerUnavailable = "worker_unavailable"
    /// The worker went away under the attempt: its container or agent was killed, or the engine stopped.
    case workerLost = "worker_lost"
    /// Nobody began it within its `ttl`. No attempt ends so, only a task.
    case expired
    /// The lease ran out, so another supervisor may have run the task; whatever this attempt did is void.
    case leaseLost = "lease_lost"
}

/// What a failure means for retrying.
package enum FailureClass: String, Codable, Sendable {
    /// The task's own failure; another attempt may succeed.
    case retryable
    /// The task's own failure; another attempt can't succeed.
    case fatal
    /// Stopped by us, to be resumed; counts as an interruption and not as a failure.
    case interrupted
    /// Not the task's fault; counts against the delivery cap only.
    case infrastructure
}
