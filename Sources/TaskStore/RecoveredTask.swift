package import TaskModel

/// A task whose holder fell silent, and what becomes of it.
package struct RecoveredTask: Sendable, Equatable {
    /// What becomes of it.
    package enum Fate: String, Sendable, CaseIterable {
        /// It goes back to its queue.
        case requeued = "stale"
        /// It was delivered too often: a dead letter.
        case exhausted = "retries_exhausted"
        /// Someone had asked it to stop.
        case cancelled

        /// Decides. `lost` counts the deliveries that came to no end of their own, the lost one too.
        static func of(lost: Int, maxDeliveries: Int, cancelRequested: Bool) -> Fate {
            if cancelRequested { return .cancelled }
            return lost >= max(1, maxDeliveries) ? .exhausted : .requeued
        }
    }

    /// The task.
    package let task: TaskID
    /// The attempt that nobody ended.
    package let attempt: Int
    /// The host of its supervisor.
    package let host: String
    /// What becomes of it.
    package let fate: Fate
}
