package import Foundation

/// One line of a task's timeline.
package struct TaskEvent: Codable, Sendable, Equatable {
    /// Grows with every event of the store; the order of the timeline.
    package var sequence: Int64
    /// The task.
    package var taskID: TaskID
    /// The attempt it belongs to; 0 before the first.
    package var attempt: Int
    /// What happened, in one stable word.
    package var kind: Kind
    /// In plain words; never a secret.
    package var message: String
    /// When, by the store's clock.
    package var at: Date

    /// What can happen to a task.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case submitted
        case claimed
        case started
        case progress
        case warning
        case usageHigh = "usage_high"
        case usageNormal = "usage_normal"
        case worktreeMade = "worktree_made"
        case outputStored = "output_stored"
        case scratchKept = "scratch_kept"
        case egressDenied = "egress_denied"
        case checkpointSaved = "checkpoint_saved"
        case checkpointDiscarded = "checkpoint_discarded"
        case resumed
        case stopRequested = "stop_requested"
        case completed
        case failed
        case retryScheduled = "retry_scheduled"
        case abandoned
        case adopted
        case requeuedStale = "requeued:stale"
        case retriesExhausted = "retries_exhausted"
        case deadLettered = "dead_lettered"
        case cancelRequested = "cancel_requested"
        case cancelled
        case requeued
        case expired
        case resultDiscarded = "result_discarded"
    }

    /// Makes an event as read from a store.
    package init(sequence: Int64, taskID: TaskID, attempt: Int, kind: Kind, message: String, at: Date) {
        self.sequence = sequence
        self.taskID = taskID
        self.attempt = attempt
        self.kind = kind
        self.message = message
        self.at = at
    }
}
