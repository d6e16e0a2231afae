package import AgentProtocol

/// What an attempt was seen to use up to the last look at its worker, for the report of one whose agent can't tell any
/// more. Pure.
package struct AttemptMeasurement: Sendable, Equatable {
    /// The attempt.
    package let attempt: AttemptRef
    /// CPU seconds.
    package private(set) var cpuSeconds = 0.0
    /// The most memory without page cache, in bytes; `nil` where it can't be told from the cache.
    package private(set) var memoryPeakBytes: Int64?
    /// The most processes and threads.
    package private(set) var processesPeak = 0
    /// Bytes read from and written to block devices.
    package private(set) var readBytes: Int64 = 0
    package private(set) var writtenBytes: Int64 = 0
    /// Bytes received and sent over the network; `nil` when the worker shares the host's.
    package private(set) var receivedBytes: Int64?
    package private(set) var sentBytes: Int64?
    private let start: UsageSample

    /// Begins with the last look before the attempt, or with the first one at it.
    package init(of attempt: AttemptRef, from start: UsageSample) {
        self.attempt = attempt
        self.start = start
    }

    /// Takes the newest look.
    package mutating func take(_ sample: UsageSample) {
        // The counters of a local worker lose what its processes used when these end.
        func grown(_ counter: KeyPath<UsageSample, UInt64>) -> UInt64 {
            sample[keyPath: counter] - min(start[keyPath: counter], sample[keyPath: counter])
        }
        cpuSeconds = max(cpuSeconds, Double(grown(\.cpuNanoseconds)) / 1e9)
        if !sample.memoryIncludesCache {
            memoryPeakBytes = max(memoryPeakBytes ?? 0, Int64(clamping: sample.memoryBytes))
        }
        processesPeak = max(processesPeak, sample.processes)
        readBytes = max(readBytes, Int64(clamping: grown(\.blockRead)))
        writtenBytes = max(writtenBytes, Int64(clamping: grown(\.blockWritten)))
        if let network = sample.network {
            receivedBytes = Int64(clamping: network.received - min(start.network?.received ?? 0, network.received))
            sentBytes = Int64(clamping: network.sent - min(start.network?.sent ?? 0, network.sent))
        }
    }
}
