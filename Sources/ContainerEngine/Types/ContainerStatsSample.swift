package import FoundationEssentials

/// Raw counters of one container at one moment, in the same units for every engine. Rates come from two samples.
package struct ContainerStatsSample: Sendable, Equatable {
    /// The container's full id.
    package let id: String
    /// Nanoseconds of CPU time used so far.
    package let cpuNanos: UInt64
    /// Bytes of memory in use, file cache included.
    package let memoryUsage: UInt64
    /// Bytes of the limit.
    package let memoryLimit: UInt64
    /// Bytes in use without inactive file cache; `nil` where the engine does not tell (Podman).
    package let workingSet: UInt64?
    /// Processes and threads.
    package let pids: UInt64
    /// Bytes received by the container, over all its interfaces.
    package let rx: UInt64
    /// Bytes sent.
    package let tx: UInt64
    /// Bytes read from block devices.
    package let blkRead: UInt64
    /// Bytes written to block devices.
    package let blkWrite: UInt64
    /// When it was read.
    package let readAt: Date

    /// Makes a sample.
    package init(
        id: String, cpuNanos: UInt64, memoryUsage: UInt64, memoryLimit: UInt64, workingSet: UInt64?, pids: UInt64,
        rx: UInt64, tx: UInt64, blkRead: UInt64, blkWrite: UInt64, readAt: Date
    ) {
        self.id = id
        self.cpuNanos = cpuNanos
        self.memoryUsage = memoryUsage
        self.memoryLimit = memoryLimit
        self.workingSet = workingSet
        self.pids = pids
        self.rx = rx
        self.tx = tx
        self.blkRead = blkRead
        self.blkWrite = blkWrite
        self.readAt = readAt
    }
}
