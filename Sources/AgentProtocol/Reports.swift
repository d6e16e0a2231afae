/// The agent's word that an attempt's process exists.
package struct Started: Codable, Hashable, Sendable {
    /// The attempt.
    package var attempt: AttemptRef
    /// The process's pid in the agent's pid namespace; also the id of its session and process group.
    package var pid: Int32
    /// Wall clock at the start, in nanoseconds since 1970.
    package var startedAtNanos: Int64

    /// Makes a report.
    package init(attempt: AttemptRef, pid: Int32, startedAtNanos: Int64) {
        self.attempt = attempt
        self.pid = pid
        self.startedAtNanos = startedAtNanos
    }
}

/// The agent's word that it will not run an attempt. Nothing was started, and nothing needs to be acknowledged.
package struct Refused: Codable, Hashable, Sendable {
    /// Why.
    package enum Reason: String, Codable, Sendable {
        /// Another attempt runs, or has ended and is not acknowledged yet.
        case busy
        /// The agent was told to drain or is about to exit.
        case draining
    }

    /// The attempt that was asked for.
    package var attempt: AttemptRef
    /// Why not.
    package var reason: Reason

    /// Makes a refusal.
    package init(attempt: AttemptRef, reason: Reason) {
        self.attempt = attempt
        self.reason = reason
    }
}

/// What a task says about how far it is.
package struct TaskProgress: Codable, Hashable, Sendable {
    /// The attempt.
    package var attempt: AttemptRef
    /// How much is done, 0…100, if the task knows.
    package var percent: Double?
    /// What it is doing.
    package var message: String?

    /// Makes a report.
    package init(attempt: AttemptRef, percent: Double? = nil, message: String? = nil) {
        self.attempt = attempt
        self.percent = percent
        self.message = message
    }
}

/// Something the agent wants an operator to know.
package struct AgentLog: Codable, Hashable, Sendable {
    /// How bad it is.
    package enum Level: String, Codable, Sendable {
        case debug, info, warning, error
    }

    /// How bad it is.
    package var level: Level
    /// The words.
    package var message: String

    /// Makes an entry.
    package init(level: Level, message: String) {
        self.level = level
        self.message = message
    }
}

/// How many processes of the agent's cgroup the kernel had killed for want of memory when the agent looked, and was there to
/// look: none of them was the agent. Sent while an attempt runs, when the number has grown, and again on each connection.
package struct MemoryKillsOutlived: Codable, Hashable, Sendable {
    /// The cgroup's count, which began when the cgroup was made.
    package var count: Int

    /// Makes a report.
    package init(count: Int) {
        self.count = count
    }
}
