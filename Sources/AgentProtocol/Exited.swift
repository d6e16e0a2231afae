/// The facts of an attempt's end, as the agent saw them. No verdict.
///
/// Exactly one of `waitStatus` and `startFailure` is set.
package struct Exited: Codable, Hashable, Sendable {
    /// The attempt that ended.
    package var attempt: AttemptRef
    /// The raw status of `wait(2)` of the command's own process.
    package var waitStatus: Int32?
    /// Why there never was a process.
    package var startFailure: StartFailure?
    /// CPU, memory and block I/O of the command and what it waited for.
    package var usage: ResourceUsage
    /// From just before the start to the command's end, in microseconds.
    package var wallMicros: Int64
    /// By how much the cgroup's count of OOM kills grew during the attempt; nil when it can't be read.
    package var oomKills: Int?
    /// The cgroup's largest memory use so far (not of this attempt alone), in bytes; nil when it can't be read.
    package var memoryPeakBytes: Int64?
    /// The cgroup's largest number of processes and threads so far; nil when it can't be read.
    package var pidsPeak: Int?
    /// What the container's cgroup says of the attempt; nil for a local process, which shares its cgroup with others.
    package var cgroup: CgroupUsage?
    /// Whether the agent ended the command because it was itself told to end by a signal, as an engine does that stops the
    /// container or shuts down, or because no supervisor had come for too long.
    package var stoppedWithAgent: Bool
    /// How many processes the attempt left behind; all were killed.
    package var leftoverProcesses: Int
    /// How many reaped processes other than the command had died by SIGKILL that the agent did not send.
    package var signalledChildren: Int
    /// The offset after the attempt's last output byte; both streams count together.
    package var outputBytes: UInt64
    /// How many of these bytes were dropped before any supervisor acknowledged them. What a supervisor really misses
    /// shows as gaps in the offsets; it may have got some of these bytes without having acknowledged them.
    package var outputDropped: UInt64

    /// Makes an exit record.
    package init(
        attempt: AttemptRef, waitStatus: Int32? = nil, startFailure: StartFailure? = nil,
        usage: ResourceUsage = .init(),
        wallMicros: Int64 = 0, oomKills: Int? = nil, memoryPeakBytes: Int64? = nil, pidsPeak: Int? = nil,
        cgroup: CgroupUsage? = nil, stoppedWithAgent: Bool = false, leftoverProcesses: Int = 0,
        signalledChildren: Int = 0, outputBytes: UInt64 = 0,
        outputDropped: UInt64 = 0
    ) {
        self.attempt = attempt
        self.waitStatus = waitStatus
        self.startFailure = startFailure
        self.usage = usage
        self.wallMicros = wallMicros
        self.oomKills = oomKills
        self.memoryPeakBytes = memoryPeakBytes
        self.pidsPeak = pidsPeak
        self.cgroup = cgroup
        self.stoppedWithAgent = stoppedWithAgent
        self.leftoverProcesses = leftoverProcesses
        self.signalledChildren = signalledChildren
        self.outputBytes = outputBytes
        self.outputDropped = outputDropped
    }

    /// The exit code, when the command ended by itself.
    package var exitCode: Int32? {
        guard let waitStatus, waitStatus & 0x7f == 0 else { return nil }
        return (waitStatus >> 8) & 0xff
    }

    /// The number of the signal that ended the command, if one did.
    package var terminationSignal: Int32? {
        guard let waitStatus, waitStatus & 0x7f != 0 else { return nil }
        return waitStatus & 0x7f
    }
}
