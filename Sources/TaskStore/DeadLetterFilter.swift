package import TaskModel

/// Which dead letters are meant: those in state `error` that fulfil every condition that is set.
package struct DeadLetterFilter: Sendable, Equatable {
    /// Only these tasks.
    package var ids: [TaskID]?
    /// Only those of this queue.
    package var queue: String?
    /// Only those whose reason or outcome contains this text, without regard to the case of ASCII letters.
    package var reason: String?
    /// Only those that ended at least so long ago, by the store's clock.
    package var minAge: Duration?
    /// At most so many at once; never more than 10,000.
    package var limit: Int

    /// Makes a filter; without conditions all are meant.
    package init(
        ids: [TaskID]? = nil, queue: String? = nil, reason: String? = nil, minAge: Duration? = nil, limit: Int = 1000
    ) {
        self.ids = ids
        self.queue = queue
        self.reason = reason
        self.minAge = minAge
        self.limit = limit
    }
}
