package import Foundation

/// What people said about a queue: kept in the store, so that it holds for all supervisors and outlives them.
package struct QueueControl: Codable, Sendable, Equatable {
    /// A queue of which nothing is claimed until somebody lets it go on.
    package struct Pause: Codable, Sendable, Equatable {
        /// Since when, by the store's clock.
        package var since: Date
        /// Who said so.
        package var by: String
        /// Why, if they said that too.
        package var reason: String?

        /// Notes a pause.
        package init(since: Date, by: String, reason: String? = nil) {
            self.since = since
            self.by = by
            self.reason = reason
        }
    }

    /// The queue; it need not have tasks.
    package var queue: String
    /// `nil` when it is not paused.
    package var pause: Pause?
    /// The most of its tasks that run at once, over all supervisors; `nil` is no limit.
    package var maxRunning: Int?

    /// What is said about a queue; nothing unless given.
    package init(queue: String, pause: Pause? = nil, maxRunning: Int? = nil) {
        self.queue = queue
        self.pause = pause
        self.maxRunning = maxRunning
    }
}

/// What people can say about a queue.
package enum QueueChange: Sendable, Equatable {
    /// Claim nothing of it. One that is paused stays as it is: who came first, and why, is what counts.
    case pause(by: String, reason: String?)
    /// Claim of it again.
    case resume
    /// Run at most so many of its tasks at once, at least 0; `nil` for any number. What runs is not stopped.
    case limit(Int?)
}
