internal import Foundation

/// What a worker uses at one moment, as raw counters.
package struct UsageSample: Sendable, Equatable {
    /// When it was read.
    package var at: ContinuousClock.Instant
    /// CPU time used so far, in nanoseconds.
    package var cpuNanoseconds: UInt64
    /// Memory in use without reclaimable page cache, in bytes.
    package var memoryBytes: UInt64
    /// Processes and threads.
    package var processes: Int
    /// Bytes read from and written to block devices so far.
    package var blockRead: UInt64
    package var blockWritten: UInt64
    /// Bytes received and sent over the network so far.
    package var networkReceived: UInt64
    package var networkSent: UInt64

    /// Makes a sample.
    package init(
        at: ContinuousClock.Instant, cpuNanoseconds: UInt64 = 0, memoryBytes: UInt64 = 0, processes: Int = 0,
        blockRead: UInt64 = 0, blockWritten: UInt64 = 0, networkReceived: UInt64 = 0, networkSent: UInt64 = 0
    ) {
        self.at = at
        self.cpuNanoseconds = cpuNanoseconds
        self.memoryBytes = memoryBytes
        self.processes = processes
        self.blockRead = blockRead
        self.blockWritten = blockWritten
        self.networkReceived = networkReceived
        self.networkSent = networkSent
    }

    /// CPU used since `earlier`, in cores: 1.0 is one core kept busy.
    package func cores(since earlier: UsageSample) -> Double {
        let elapsed = (at - earlier.at) / .nanoseconds(1)
        guard elapsed > 0, cpuNanoseconds >= earlier.cpuNanoseconds else { return 0 }
        return Double(cpuNanoseconds - earlier.cpuNanoseconds) / elapsed
    }
}

/// What a worker uses, for people and metrics.
package struct WorkerUsage: Sendable, Equatable, Codable {
    /// CPU in cores over the last interval.
    package var cpuCores: Double
    /// Memory without page cache, in bytes.
    package var memoryBytes: UInt64
    /// The limit of that, in bytes; 0 when there is none.
    package var memoryLimitBytes: UInt64
    /// Processes and threads.
    package var processes: Int
    /// The limit of that; 0 when there is none.
    package var processLimit: Int
    /// Bytes since the worker's start.
    package var blockRead: UInt64
    package var blockWritten: UInt64
    package var networkReceived: UInt64
    package var networkSent: UInt64
    /// The limit of CPU in cores; 0 when there is none.
    package var cpuLimitCores: Double = 0
    /// Of which resources the use is high: `cpu`, `memory`, `processes`.
    package var high: [String] = []
}
