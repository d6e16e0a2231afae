/// What a container's cgroup says of one attempt: differences between its start and its end, and peaks.
///
/// The container's own agent is included; it uses a few MB, one process and next to no CPU. A number is nil where the
/// kernel's file for it can't be read.
package struct CgroupUsage: Codable, Hashable, Sendable {
    /// CPU time of every process of the attempt, in microseconds.
    package var cpuMicros: Int64?
    /// Scheduling periods in which something wanted to run, and those of them that ended at the CPU limit.
    package var cpuPeriods: Int64?
    package var throttledPeriods: Int64?
    /// How long processes were kept from running by the CPU limit, in microseconds; those of all CPUs together.
    package var throttledMicros: Int64?
    /// Bytes read from and written to block devices. What the page cache answers is not read, and what it still holds is
    /// not written yet.
    package var readBytes: Int64?
    package var writtenBytes: Int64?
    /// Bytes received and sent by the agent's network namespace, without loopback.
    package var receivedBytes: Int64?
    package var sentBytes: Int64?
    /// The largest memory use without reclaimable page cache that was seen, in bytes. Seen means looked at: 20 ms after
    /// the start, then at growing distances up to every half second.
    package var memoryPeakBytes: Int64?
    /// The largest number of processes and threads. Exact when it is a new record of the container, else the largest of
    /// the looks.
    package var processesPeak: Int?
    /// How often a process or thread was refused because of the limit of processes.
    package var refusedForks: Int?

    /// Makes an account in which nothing is known.
    package init() {}
}
