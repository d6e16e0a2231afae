/// What one attempt used of each resource, beside what it might have used.
package struct AttemptReport: Codable, Sendable, Equatable {
    /// What it used. A number is `nil` where nobody could measure it.
    package struct Used: Codable, Sendable, Equatable {
        /// Seconds from the command's start to its end.
        package var wallSeconds: Double
        /// CPU seconds of all its processes. A local process: of those that were waited for. Of an attempt that
        /// was lost with its worker: up to the last measurement.
        package var cpuSeconds: Double?
        /// The most memory that was seen in use, without reclaimable page cache, in bytes: the larger of what the agent
        /// saw when it looked (up to twice a second) and the largest process. The limit itself after a kill for memory.
        /// A shorter burst of several processes may have been larger.
        package var memoryPeakBytes: Int64?
        /// The most processes and threads at once, with the worker's agent.
        package var processesPeak: Int?
        /// How often a new process or thread was refused at the limit.
        package var refusedProcesses: Int?
        /// The largest use of the disk that was seen, in bytes; `nil` when it was not measured.
        package var diskPeakBytes: Int64?
        /// Bytes read from and written to block devices: the larger of what the cgroup and what the command's own processes
        /// counted.
        package var readBytes: Int64?
        package var writtenBytes: Int64?
        /// Bytes received and sent over the network; `nil` when the worker shares the host's.
        package var receivedBytes: Int64?
        package var sentBytes: Int64?
        /// How long its processes were kept from running by the CPU limit, in seconds, all CPUs together.
        package var throttledSeconds: Double?
        /// The share (0…1) of scheduling periods in which that happened.
        package var throttledShare: Double?

        /// Makes a record of what is always known.
        package init(wallSeconds: Double, cpuSeconds: Double? = nil, memoryPeakBytes: Int64? = nil) {
            self.wallSeconds = wallSeconds
            self.cpuSeconds = cpuSeconds
            self.memoryPeakBytes = memoryPeakBytes
        }
    }

    /// What it might have used; `nil` is no limit.
    package struct Limits: Codable, Sendable, Equatable {
        /// Its time-out, in seconds.
        package var wallSeconds: Double?
        /// CPU cores.
        package var cpus: Double?
        /// Memory in bytes.
        package var memoryBytes: Int64?
        /// Processes and threads.
        package var processes: Int?
        /// Bytes of disk.
        package var diskBytes: Int64?

        /// Makes limits that limit nothing.
        package init() {}
    }

    /// What it used.
    package var used: Used
    /// What it might have used.
    package var limits: Limits

    /// Puts both together.
    package init(used: Used, limits: Limits) {
        self.used = used
        self.limits = limits
    }
}
