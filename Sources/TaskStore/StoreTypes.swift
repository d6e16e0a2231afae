package import TaskModel

/// What a supervisor asks for when it claims.
package struct ClaimRequest: Sendable {
    /// Who asks.
    package var supervisor: SupervisorID
    /// The asking supervisor's host.
    package var host: String
    /// The queues it serves; empty means all.
    package var queues: [String]
    /// How many tasks at most; never more than it can start at once.
    package var limit: Int
    /// How long the lease lasts without renewal.
    package var leaseDuration: Duration
    /// Whether it can run tasks that demand a container.
    package var offersContainers: Bool
    /// Tasks of which images it takes.
    package var images: ImageChoice
    /// For how long leases can be renewed; `nil` means without an end.
    package var longest: LongestLease?
    /// From which queues it takes first; `nil` means that only priority and age count, over all queues.
    package var turns: QueueTurns?
    /// Whether the oldest come first, whatever their priorities.
    package var byAge = false

    /// Makes a request.
    package init(
        supervisor: SupervisorID, host: String, queues: [String] = [], limit: Int, leaseDuration: Duration,
        offersContainers: Bool, images: ImageChoice = .any,
        longest: LongestLease? = nil, turns: QueueTurns? = nil
    ) {
        self.supervisor = supervisor
        self.host = host
        self.queues = queues
        self.limit = limit
        self.leaseDuration = leaseDuration
        self.offersContainers = offersContainers
        self.images = images
        self.longest = longest
        self.turns = turns
    }
}

/// For how long the leases of a supervisor can be renewed, counted from the claim. A task whose own time limit is longer
/// keeps its lease for that.
package struct LongestLease: Sendable, Equatable {
    /// For tasks with a shorter limit, or none.
    package var duration: Duration
    /// What a task with a longer limit gets beside it, for its worker to be made and its command to end.
    package var grace: Duration

    /// Makes a limit.
    package init(_ duration: Duration, grace: Duration = .zero) {
        self.duration = duration
        self.grace = grace
    }
}

/// Tasks of which images a supervisor takes: by the names that they give, where `nil` stands for tasks that give none and
/// so get the image of whoever claims them.
package enum ImageChoice: Sendable, Equatable {
    /// Whatever they name.
    case any
    /// All but these.
    case allBut(Set<String?>)
    /// Only these.
    case only(Set<String?>)
}

/// What a renewal found for one lease.
package struct LeaseStatus: Sendable, Equatable {
    /// The lease.
    package let lease: Lease
    /// Whether it is still the current one and was extended.
    package let isHeld: Bool
    /// Whether someone asked for the task to stop.
    package let cancelRequested: Bool

    /// Makes a status.
    package init(lease: Lease, isHeld: Bool, cancelRequested: Bool) {
        self.lease = lease
        self.isHeld = isHeld
        self.cancelRequested = cancelRequested
    }
}

/// What became of an end that came when its lease was no longer there.
package enum LateEnd: Sendable, Equatable {
    /// The lease is there after all: the end has to be written, not thrown away.
    case stillHeld
    /// It had been written under this very lease, and only the answer was lost.
    case recorded
    /// The lease had been lost, so that it counts for nothing. The timeline says so, once.
    case refused
    /// The store has no such attempt: it was purged, or belongs to another store.
    case unknown
}

/// Which tasks to list.
package struct TaskFilter: Sendable {
    /// Only these states; empty means all.
    package var states: Set<TaskState>
    /// Only this queue.
    package var queue: String?
    /// Only this declared type.
    package var type: String?
    /// At most so many.
    package var limit: Int

    /// Makes a filter.
    package init(states: Set<TaskState> = [], queue: String? = nil, type: String? = nil, limit: Int = 100) {
        self.states = states
        self.queue = queue
        self.type = type
        self.limit = limit
    }
}

/// How long tasks of a queue have waited.
package struct QueueWait: Sendable, Equatable {
    /// The queue.
    package let queue: String
    /// Since the one that has waited longest was due.
    package let longest: Duration

    /// Makes a wait.
    package init(queue: String, longest: Duration) {
        self.queue = queue
        self.longest = longest
    }
}

/// How many tasks of a queue are in one state.
package struct QueueCount: Codable, Sendable, Equatable {
    /// The queue.
    package let queue: String
    /// The state.
    package let state: TaskState
    /// How many.
    package let count: Int

    /// Makes a count.
    package init(queue: String, state: TaskState, count: Int) {
        self.queue = queue
        self.state = state
        self.count = count
    }
}
