package import Foundation

/// What is known of one queue: an element of `GET /queue/status` and of `acode queue list --json`, with every key always
/// there.
package struct QueueSummary: Codable, Sendable, Equatable {
    /// Why nothing is claimed of a queue.
    package struct Pause: Codable, Sendable, Equatable {
        /// Since when.
        package var since: Date
        /// Who said so.
        package var by: String
        /// Why.
        package var reason: String?

        /// Notes a pause.
        package init(since: Date, by: String, reason: String?) {
            self.since = since
            self.by = by
            self.reason = reason
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(since, forKey: .since)
            try container.encode(by, forKey: .by)
            try container.encode(reason, forKey: .reason)
        }
    }

    /// A supervisor that takes tasks of it.
    package struct Consumer: Codable, Sendable, Equatable {
        /// The supervisor's run.
        package var supervisor: String
        /// Its pool.
        package var pool: String
        /// Its host.
        package var host: String

        /// Names a consumer.
        package init(supervisor: String, pool: String, host: String) {
            self.supervisor = supervisor
            self.pool = pool
            self.host = host
        }
    }

    /// The queue.
    package var queue: String
    /// How many tasks are in each state, by its public name; states without tasks are 0.
    package var counts: [String: Int]
    /// How many failed for good and nobody requeued or purged.
    package var deadLetters: Int
    /// Seconds for which the task has been due that waits longest; `nil` when none does.
    package var oldestWaitingSeconds: Double?
    /// `nil` when it is not paused.
    package var paused: Pause?
    /// The most of its tasks that run at once.
    package var maxRunning: Int?
    /// Who takes its tasks.
    package var consumers: [Consumer]

    /// Describes a queue of which nothing but its counts is known.
    package init(queue: String, counts: [String: Int], deadLetters: Int = 0) {
        self.queue = queue
        self.counts = counts
        self.deadLetters = deadLetters
        consumers = []
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(queue, forKey: .queue)
        try container.encode(counts, forKey: .counts)
        try container.encode(deadLetters, forKey: .deadLetters)
        try container.encode(oldestWaitingSeconds, forKey: .oldestWaitingSeconds)
        try container.encode(paused, forKey: .paused)
        try container.encode(maxRunning, forKey: .maxRunning)
        try container.encode(consumers, forKey: .consumers)
    }
}

/// The answer to `GET /queue/status`.
package struct QueueStatus: Codable, Sendable, Equatable {
    /// Every queue that has tasks, or about which something is said, by name.
    package var queues: [QueueSummary]

    /// Makes a status.
    package init(queues: [QueueSummary]) { self.queues = queues }
}
