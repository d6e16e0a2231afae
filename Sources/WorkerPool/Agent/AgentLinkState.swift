internal import AgentProtocol
internal import Glibc

/// What a link knows of its agent, and what a new connection means for the attempt under way.
struct AgentLinkState: Sendable {
    /// An attempt under way.
    struct Active: Sendable {
        let ref: AttemptRef
        let observer: any AttemptObserver
        let end: OneShot<ExitRecord.End>
        /// The connection it was sent on.
        let generation: Int
        var flow = AttemptFlow()
        /// Whether it should come to a stop.
        var isStopRequested = false
    }

    /// What is to be done about a connection that said hello.
    struct Greeting: Sendable {
        var generation: Int
        /// Whether it is another agent than before.
        var isOtherAgent: Bool
        /// To be sent before anything else.
        var answers: [SupervisorMessage]
        /// The attempt that the agent never got or has lost.
        var orphan: OneShot<ExitRecord.End>?
        /// The agent's earlier connection.
        var replaced: AgentConnection?
    }

    private(set) var connection: AgentConnection?
    private(set) var agentPID: Int32?
    /// The largest count of kills for memory in its cgroup that the agent says it has outlived. Another agent that comes
    /// in its place has nothing to add: the worker is lost.
    private(set) var memoryKillsOutlived: Int?
    var active: Active?
    /// Set once the worker is gone: whatever begins after that has no end of its own.
    var loss: WorkerLoss?
    /// Whether the agent now belongs to another supervisor: nothing may be said to it any more.
    var isDetached = false
    private var generation = 0
    private var bootID: String?
    private var unansweredPings = 0
    private var isHandling = false
    private var takesStopRequests = false
    /// An attempt that should come to a stop and has not begun.
    private var earlyStop: AttemptRef?

    /// Notes an attempt and tells which connection to send it on.
    mutating func begin(
        _ ref: AttemptRef, _ observer: any AttemptObserver, _ end: OneShot<ExitRecord.End>, from offset: UInt64 = 0
    ) -> AgentConnection? {
        active = Active(
            ref: ref, observer: observer, end: end, generation: generation, flow: AttemptFlow(from: offset),
            isStopRequested: earlyStop == ref)
        earlyStop = nil
        return connection
    }

    /// Takes a new connection. An attempt sent on an earlier one that the agent does not know was never read by it; one
    /// that only the agent knows is nobody's any more.
    mutating func accept(_ connection: AgentConnection, _ hello: Hello, pid: Int32) -> Greeting {
        generation += 1
        var greeting = Greeting(
            generation: generation, isOtherAgent: bootID.map { $0 != hello.bootID } ?? false, answers: [],
            replaced: self.connection)
        if let running = hello.running?.attempt, running != active?.ref {
            greeting.answers.append(.signal(attempt: running, signal: SIGKILL))
        }
        if let exited = hello.unackedExit, exited.attempt != active?.ref { greeting.answers.append(.forget(exited)) }
        if let active, hello.running?.attempt != active.ref, hello.unackedExit?.attempt != active.ref {
            greeting.orphan = active.end
        }
        takesStopRequests = hello.takesStopRequests ?? false
        if takesStopRequests, let active, active.isStopRequested { greeting.answers.append(.stopRequested(active.ref)) }
        bootID = hello.bootID
        self.connection = connection
        meet(pid: pid)
        unansweredPings = 0
        isHandling = false
        return greeting
    }

    /// Notes that an attempt should come to a stop, and returns the connection on which the agent can be told now.
    mutating func requestStop(of ref: AttemptRef) -> AgentConnection? {
        guard active?.ref == ref else {
            earlyStop = ref
            return nil
        }
        active?.isStopRequested = true
        return stopConnection(of: ref)
    }

    /// The connection on which the agent can be told now that an attempt should come to a stop, if it should.
    func stopConnection(of ref: AttemptRef) -> AgentConnection? {
        guard let active, active.ref == ref, active.isStopRequested, takesStopRequests, !isDetached else { return nil }
        return connection
    }

    /// Notes who waits to be welcomed: whoever decides on that looks at its cgroup first.
    mutating func meet(pid: Int32) { agentPID = pid > 0 ? pid : nil }

    /// Ends a connection; returns whether it was the current one.
    mutating func leave(_ generation: Int) -> Bool {
        guard self.generation == generation else { return false }
        connection = nil
        return true
    }

    /// Notes that the agent has outlived so many kills for memory.
    mutating func outlived(_ kills: MemoryKillsOutlived) {
        memoryKillsOutlived = max(memoryKillsOutlived ?? 0, kills.count)
    }

    /// Notes that the agent said something, and whether that is still being worked on.
    mutating func hear(isHandling: Bool) {
        self.isHandling = isHandling
        unansweredPings = 0
    }

    /// Counts a ping. Counted instead of timed, because after a suspended host any time has passed and nobody was asked.
    mutating func countPing() -> Int {
        guard connection != nil, !isHandling else {
            unansweredPings = 0
            return 0
        }
        unansweredPings += 1
        return unansweredPings
    }
}

extension SupervisorMessage {
    /// Lets the agent forget an attempt's end.
    static func forget(_ exited: Exited) -> SupervisorMessage {
        .outputAck(OutputAck(token: exited.attempt.token, offset: exited.outputBytes, exited: true))
    }
}
