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

    /// Makes a greeting.
    package init(
        version: Int = AgentProtocol.version, workerID: String, pid: Int32, bootID: String, agentVersion: String,
        running: Started? = nil, unackedExit: Exited? = nil
    ) {
        self.version = version
        self.workerID = workerID
        self.pid = pid
        self.bootID = bootID
        self.agentVersion = agentVersion
        self.running = running
        self.unackedExit = unackedExit
    }
}

/// The supervisor's answer to `Hello`.
package struct Welcome: Codable, Hashable, Sendable {
    /// The protocol version the supervisor speaks.
    package var version: Int
    /// The longest the supervisor will be silent, in seconds. The agent gives the connection up after three times
    /// this without a message and connects anew. 0 turns that off.
    package var heartbeatSeconds: Double

    /// Makes an answer.
    package init(version: Int = AgentProtocol.version, heartbeatSeconds: Double) {
        self.version = version
        self.heartbeatSeconds = heartbeatSeconds
    }
}
