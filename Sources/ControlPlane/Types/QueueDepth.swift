/// How many tasks of one queue are in one state: an element of `GET /queue/status`.
package struct QueueDepth: Codable, Sendable, Equatable {
    /// The queue.
    package var queue: String
    /// The state, by its public name.
    package var state: String
    /// How many.
    package var count: Int

    /// Makes a count.
    package init(queue: String, state: String, count: Int) {
        self.queue = queue
        self.state = state
        self.count = count
    }
}

/// The answer to `GET /queue/status`.
package struct QueueStatus: Codable, Sendable, Equatable {
    /// Every queue and state that has tasks.
    package var queues: [QueueDepth]

    /// Makes a status.
    package init(queues: [QueueDepth]) { self.queues = queues }
}
