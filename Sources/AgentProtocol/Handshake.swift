/// The agent's first message on every connection.
///
/// After the supervisor's `Welcome` the agent sends again all output that was not acknowledged, and then
/// `unackedExit`, if there is one, as an `exited` message.
package struct Hello: Codable, Hashable, Sendable {
    /// The protocol version the agent speaks.
    package var version: Int
    /// The worker's id, from the agent's command line.
    package var workerID: String
    /// The agent's pid as it sees itself: 1 in a container.
    package var pid: Int32
    /// Random for each start of the agent: another value means that whatever ran before is gone.
    package var bootID: String
    /// The agent's build version.
    package var agentVersion: String
    /// The attempt that is running now.
    package var running: Started?
    /// The end of an attempt that no supervisor has acknowledged yet.
    package var unackedExit: Exited?
    /// Which part of the attempt's output the agent still has; nil without an attempt.
    package var output: OutputSpan?
    /// Whether the agent knows `stopRequested`; nil from those before there was that message, which it would break.
    package var takesStopRequests: Bool?

    /// Makes a greeting.
    package init(
        version: Int = AgentProtocol.version, workerID: String, pid: Int32, bootID: String, agentVersion: String,
        running: Started? = nil, unackedExit: Exited? = nil, output: OutputSpan? = nil,
        takesStopRequests: Bool? = nil
    ) {
        self.version = version
        self.workerID = workerID
        self.pid = pid
        self.bootID = bootID
        self.agentVersion = agentVersion
        self.running = running
        self.unackedExit = unackedExit
        self.output = output
        self.takesStopRequests = takesStopRequests
    }

    /// The attempt the agent has in hand, whether it runs or has ended.
    package var attempt: AttemptRef? { running?.attempt ?? unackedExit?.attempt }
}

/// A piece of an attempt's output by its offsets: what was acknowledged lies before it.
package struct OutputSpan: Codable, Hashable, Sendable {
    /// Offset of the oldest byte the agent still has; everything before it was acknowledged or dropped.
    package var start: UInt64
    /// Offset after the newest byte.
    package var end: UInt64

    /// Makes a span.
    package init(start: UInt64, end: UInt64) {
        self.start = start
        self.end = end
    }
}

/// The supervisor's answer to `Hello`.
package struct Welcome: Codable, Hashable, Sendable {
    /// The protocol version the supervisor speaks.
    package var version: Int
    /// The longest the supervisor will be silent, in seconds. The agent gives the connection up after three times
    /// this without a message and connects anew. 0 turns that off.
    package var heartbeatSeconds: Double
    /// How long the agent may go on without this supervisor, in seconds; nil leaves it at what the agent was told before.
    package var orphanSeconds: Double?
    /// Whether the supervisor knows `memoryKills`; nil from those before there was that message, which it would break.
    package var takesMemoryKills: Bool?
    /// Whether the supervisor knows `checkpoint`; nil from those before there was that message, which it would break.
    package var takesCheckpoints: Bool?

    /// Makes an answer.
    package init(
        version: Int = AgentProtocol.version, heartbeatSeconds: Double, orphanSeconds: Double? = nil,
        takesMemoryKills: Bool? = nil, takesCheckpoints: Bool? = nil
    ) {
        self.version = version
        self.heartbeatSeconds = heartbeatSeconds
        self.orphanSeconds = orphanSeconds
        self.takesMemoryKills = takesMemoryKills
        self.takesCheckpoints = takesCheckpoints
    }
}
