internal import Foundation

/// What a worker uses at one moment, as raw counters.
package struct UsageSample: Sendable, Equatable {
    /// When it was read.
    package var at: ContinuousClock.Instant
    /// CPU time used so far, in nanoseconds.
    package var cpuNanoseconds: UInt64
    /// Memory in use, in bytes: without reclaimable page cache, unless `memoryIncludesCache`.
    package var memoryBytes: UInt64
    /// Processes and threads.
    package var processes: Int
    /// Bytes read from and written to block devices so far.
    package var blockRead: UInt64
    package var blockWritten: UInt64
    /// What went over its own network so far; `nil` when it shares the host's.
    package var network: Traffic?
    /// Whether `memoryBytes` has the page cache in it, because nobody tells how much that is.
    package var memoryIncludesCache = false

    /// Bytes over a network.
    package struct Traffic: Sendable, Equatable {
        /// Bytes received.
        package var received: UInt64
        /// Bytes sent.
        package var sent: UInt64

        /// Makes a pair.
        package init(received: UInt64, sent: UInt64) {
            self.received = received
            self.sent = sent
        }
    }

    /// Makes a sample.
    package init(
        at: ContinuousClock.Instant, cpuNanoseconds: UInt64 = 0, memoryBytes: UInt64 = 0, processes: Int = 0,
        blockRead: UInt64 = 0, blockWritten: UInt64 = 0, network: Traffic? = nil
    ) {
        self.at = at
        self.cpuNanoseconds = cpuNanoseconds
        self.memoryBytes = memoryBytes
        self.processes = processes
        self.blockRead = blockRead
        self.blockWritten = blockWritten
        self.network = network
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
    /// The same over its own network; `nil` when it shares the host's.
    package var networkReceived: UInt64?
    package var networkSent: UInt64?
    /// Whether the memory has the page cache in it, because nobody tells how much that is.
    package var memoryIncludesCache = false
    /// The limit of CPU in cores; 0 when there is none.
    package var cpuLimitCores: Double = 0
    /// Of which resources the use is high: `cpu`, `memory`, `processes`.
    package var high: [String] = []
}
