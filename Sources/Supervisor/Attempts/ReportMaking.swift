internal import AgentProtocol
package import TaskModel
package import WorkerPool

extension AttemptReport {
    /// What is around an attempt and is not in its agent's words.
    package struct Circumstances: Sendable {
        /// The worker's limits; `nil` for a local process.
        package var limits: ResourceLimits?
        /// The attempt's time-out.
        package var timeout: Duration?
        /// Whether the worker has a network of its own, so that its traffic is the attempt's.
        package var ownsNetwork = true
        /// The largest use of the disk that was seen, in bytes.
        package var diskPeak: Int64?
        /// What it might have had on disk, in bytes.
        package var diskLimit: Int64?

        /// Puts facts together.
        package init(
            limits: ResourceLimits?, timeout: Duration?, ownsNetwork: Bool = true, diskPeak: Int64? = nil,
            diskLimit: Int64? = nil
        ) {
            self.limits = limits
            self.timeout = timeout
            self.ownsNetwork = ownsNetwork
            self.diskPeak = diskPeak
            self.diskLimit = diskLimit
        }
    }

    /// The report of an attempt whose command ended; `nil` when there was none.
    package init?(_ record: ExitRecord, in circumstances: Circumstances) {
        guard case .reported(let exited) = record.end, exited.startFailure == nil else { return nil }
        let cgroup = exited.cgroup
        var used = Used(
            wallSeconds: Double(exited.wallMicros) / 1e6,
            cpuSeconds: Double(cgroup?.cpuMicros ?? exited.usage.userMicros + exited.usage.systemMicros) / 1e6,
            memoryPeakBytes: Self.memoryPeak(exited, limit: circumstances.limits?.memoryBytes))
        used.processesPeak = cgroup?.processesPeak
        used.refusedProcesses = cgroup?.refusedForks
        used.diskPeakBytes = circumstances.diskPeak
        // The command's own accounts count in blocks of 512 bytes (getrusage(2)).
        used.readBytes = cgroup?.readBytes ?? exited.usage.blockIn * 512
        used.writtenBytes = cgroup?.writtenBytes ?? exited.usage.blockOut * 512
        if circumstances.ownsNetwork {
            used.receivedBytes = cgroup?.receivedBytes
            used.sentBytes = cgroup?.sentBytes
        }
        used.throttledSeconds = cgroup?.throttledMicros.map { Double($0) / 1e6 }
        if let periods = cgroup?.cpuPeriods, let throttled = cgroup?.throttledPeriods {
            used.throttledShare = periods > 0 ? min(1, Double(throttled) / Double(periods)) : 0
        }
        var limits = Limits()
        limits.wallSeconds = circumstances.timeout.map { $0 / .seconds(1) }
        if let own = circumstances.limits {
            limits.cpus = own.cpus
            limits.memoryBytes = own.memoryBytes
            limits.processes = own.pidsLimit
        }
        limits.diskBytes = circumstances.diskLimit
        self.init(used: used, limits: limits)
    }

    private static func memoryPeak(_ exited: Exited, limit: Int64?) -> Int64 {
        let seen = max(exited.cgroup?.memoryPeakBytes ?? 0, exited.usage.maxRSSBytes)
        guard let limit, exited.cgroup != nil else { return seen }
        // In a cgroup of its own a kill for memory means that the limit was reached, whatever the looks missed. A process
        // can seem larger than its cgroup, by pages that were charged to others.
        return exited.oomKills ?? 0 > 0 ? limit : min(seen, limit)
    }
}
