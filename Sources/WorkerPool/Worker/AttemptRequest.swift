package import AgentProtocol
package import TaskModel

/// One attempt, ready to be handed to a worker.
package struct AttemptRequest: Sendable {
    /// Task, attempt number and fencing token.
    package var ref: AttemptRef
    /// The program and its arguments.
    package var command: [String]
    /// Added to the worker's environment.
    package var environment: [String: String]
    /// Where it starts; `nil` is the worker's default.
    package var workingDirectory: String?
    /// What it reads; `nil` is end of file.
    package var stdin: [UInt8]?
    /// What the task file says: JSON.
    package var taskFile: [UInt8]
    /// What the checkpoint file says when it begins: JSON; `nil` when it begins from the start.
    package var checkpointFile: [UInt8]?
    /// File name in `/run/secrets` to content.
    package var secrets: [String: [UInt8]]
    /// What it may use, where that is set for each attempt and not by the worker's profile: in local workers.
    package var limits: ResourceLimits?
    /// How long it may run.
    package var timeout: Duration?
    /// How much of that is over, of an attempt that an earlier supervisor began.
    package var elapsed = Duration.zero
    /// Whether an earlier supervisor has sent its command a SIGTERM.
    package var isTerminated = false
    /// How long it may go on after SIGTERM before it is killed.
    package var stopGrace: Duration

    /// Set by whoever wants the attempt to end, and by the worker when the time is over; the first intent counts.
    package var stop: OneShot<StopIntent>

    /// Set when the attempt should come to a stop by itself; nothing enforces that. Set with `stop`, too.
    package var stopAnnounced = OneShot<Void>()

    /// Set when the attempt may not use up its grace, because its task may run elsewhere by now.
    package var graceOver = OneShot<Void>()

    /// Makes a request.
    package init(
        ref: AttemptRef, command: [String], environment: [String: String] = [:], workingDirectory: String? = nil,
        stdin: [UInt8]? = nil, taskFile: [UInt8] = [], secrets: [String: [UInt8]] = [:],
        limits: ResourceLimits? = nil, timeout: Duration? = nil, stopGrace: Duration,
        stop: OneShot<StopIntent>
    ) {
        self.ref = ref
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.stdin = stdin
        self.taskFile = taskFile
        self.secrets = secrets
        self.limits = limits
        self.timeout = timeout
        self.stopGrace = stopGrace
        self.stop = stop
    }
}

/// Sees an attempt while it runs. All calls for one attempt come one after the other.
package protocol AttemptObserver: Sendable {
    /// The command runs; `atNanos` is the worker's wall clock in nanoseconds since 1970.
    func attemptStarted(atNanos: Int64) async
    /// The next output, whose first byte has the offset `offset` in the attempt's output. The worker's output waits until
    /// this returns. Returns the offset below which everything would survive this process.
    func attemptOutput(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>, at offset: UInt64) async -> UInt64
    /// Output that is lost for good, where it would have stood: so many bytes before the offset `end`.
    func attemptOutputLost(bytes: UInt64, before end: UInt64) async
    /// What the command said about how far it is.
    func attemptProgress(percent: Double?, message: String?) async
    /// A connection to `destination` was refused; `words` follow it in a sentence. May come beside other calls, from any
    /// thread, and must not block.
    func attemptEgressDenied(destination: String, words: String)
    /// The command wants a checkpoint saved. Must not wait for that: `answer` is called once, at any later time.
    func attemptCheckpoint(_ save: CheckpointSave, answer: @escaping @Sendable (CheckpointAnswer) -> Void)
}

extension AttemptObserver {
    package func attemptEgressDenied(destination: String, words: String) {}

    /// For observers that keep nothing.
    package func attemptCheckpoint(_ save: CheckpointSave, answer: @escaping @Sendable (CheckpointAnswer) -> Void) {
        answer(
            CheckpointAnswer(
                token: save.attempt.token, number: save.number, verdict: .refused,
                message: "checkpoints are not kept here"))
    }
}
