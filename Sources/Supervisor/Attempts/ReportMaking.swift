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
        /// How long its command ran, by this host's clock, in seconds; `nil` when it had not begun.
        package var wallSeconds: Double?
        /// What was seen of it from outside.
        package var measured: AttemptMeasurement?

        /// Puts facts together.
        package init(
            limits: ResourceLimits?, timeout: Duration?, ownsNetwork: Bool = true, diskPeak: Int64? = nil,
            diskLimit: Int64? = nil, wallSeconds: Double? = nil, measured: AttemptMeasurement? = nil
        ) {
            self.wallSeconds = wallSeconds
            self.measured = measured
            self.limits = limits
            self.timeout = timeout
            self.ownsNetwork = ownsNetwork
            self.diskPeak = diskPeak
            self.diskLimit = diskLimit
        }
    }

    /// The report of an attempt whose command ended or was lost with its worker; `nil` when there was none.
    package init?(_ record: ExitRecord, in circumstances: Circumstances) {
        switch record.end {
        case .reported(let exited) where exited.startFailure == nil:
            self.init(used: Used(exited, circumstances), limits: Limits(circumstances))
        case .workerLost(let loss):
            guard let used = Used(loss, circumstances) else { return nil }
            self.init(used: used, limits: Limits(circumstances))
        default: return nil
        }
    }
}

extension AttemptReport.Used {
    /// What the agent says.
    fileprivate init(_ exited: Exited, _ circumstances: AttemptReport.Circumstances) {
        let cgroup = exited.cgroup
        self.init(
            wallSeconds: Double(exited.wallMicros) / 1e6,
            cpuSeconds: Double(cgroup?.cpuMicros ?? exited.usage.userMicros + exited.usage.systemMicros) / 1e6,
            memoryPeakBytes: Self.memoryPeak(exited, limit: circumstances.limits?.memoryBytes))
        processesPeak = cgroup?.processesPeak
        refusedProcesses = cgroup?.refusedForks
        diskPeakBytes = circumstances.diskPeak
        // The command's own accounts count in blocks of 512 bytes (getrusage(2)), of the processes that were waited for. The
        // counters of cgroup v1 leave out what was written through the page cache, and in recent kernels everything.
        readBytes = max(cgroup?.readBytes ?? 0, exited.usage.blockIn * 512)
        writtenBytes = max(cgroup?.writtenBytes ?? 0, exited.usage.blockOut * 512)
        if circumstances.ownsNetwork {
            receivedBytes = cgroup?.receivedBytes
            sentBytes = cgroup?.sentBytes
        }
        throttledSeconds = cgroup?.throttledMicros.map { Double($0) / 1e6 }
        if let periods = cgroup?.cpuPeriods, let throttled = cgroup?.throttledPeriods {
            throttledShare = periods > 0 ? min(1, Double(throttled) / Double(periods)) : 0
        }
    }

    /// What was seen from outside of an attempt whose agent can't tell any more; `nil` when it had not begun.
    fileprivate init?(_ loss: WorkerLoss, _ circumstances: AttemptReport.Circumstances) {
        guard let wallSeconds = circumstances.wallSeconds else { return nil }
        let measured = circumstances.measured
        self.init(
            wallSeconds: wallSeconds, cpuSeconds: measured?.cpuSeconds, memoryPeakBytes: measured?.memoryPeakBytes)
        // A kill for memory means that the limit was reached, however long before the last measurement was.
        if loss.oomKilled, let limit = circumstances.limits?.memoryBytes { memoryPeakBytes = limit }
        processesPeak = measured?.processesPeak
        diskPeakBytes = circumstances.diskPeak
        readBytes = measured?.readBytes
        writtenBytes = measured?.writtenBytes
        receivedBytes = measured?.receivedBytes
        sentBytes = measured?.sentBytes
    }

    private static func memoryPeak(_ exited: Exited, limit: Int64?) -> Int64 {
        let seen = max(exited.cgroup?.memoryPeakBytes ?? 0, exited.usage.maxRSSBytes)
        guard let limit, exited.cgroup != nil else { return seen }
        // In a cgroup of its own a kill for memory means that the limit was reached, whatever the looks missed. A process
        // can seem larger than its cgroup, by pages that were charged to others.
        return exited.oomKills ?? 0 > 0 ? limit : min(seen, limit)
    }
}

extension AttemptReport.Limits {
    fileprivate init(_ circumstances: AttemptReport.Circumstances) {
        self.init()
        wallSeconds = circumstances.timeout.map { $0 / .seconds(1) }
        if let own = circumstances.limits {
            cpus = own.cpus
            memoryBytes = own.memoryBytes
            processes = own.pidsLimit
        }
        diskBytes = circumstances.diskLimit
    }
}
