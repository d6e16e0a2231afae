import Glibc

/// The counters of the agent's own cgroup, which is also the task's. The files stay open: reading one costs microseconds.
final class CgroupCounters {
    /// Counters that only grow, at one moment.
    struct Reading: Equatable {
        var cpuMicros: Int64?
        var cpuPeriods: Int64?
        var throttledPeriods: Int64?
        var throttledMicros: Int64?
        var readBytes: Int64?
        var writtenBytes: Int64?
        var receivedBytes: Int64?
        var sentBytes: Int64?
        var pidsPeak: Int64?
        var refusedForks: Int64?

        /// Takes `cpu.stat`: version two has the time used in it and counts in microseconds, version one in nanoseconds.
        mutating func takeCPU(_ text: String) {
            func value(_ key: String) -> Int64? { CgroupFiles.value(of: key, in: text).map(Int64.init) }
            cpuMicros = value("usage_usec")
            cpuPeriods = value("nr_periods")
            throttledPeriods = value("nr_throttled")
            throttledMicros = value("throttled_usec") ?? value("throttled_time").map { $0 / 1000 }
        }
    }

    private let files: [CgroupFiles.File: Descriptor]
    private let network: Descriptor?
    /// Whether the cgroup is a container's own, so that what it counts is the attempt's.
    let isOwn: Bool

    /// Opens the files. Only PID 1 has a cgroup, and mostly a network, of its own.
    init(isOwn: Bool = getpid() == 1) {
        let cgroup = ProcFile.text("/proc/self/cgroup") ?? ""
        var files: [CgroupFiles.File: Descriptor] = [:]
        for file in CgroupFiles.File.allCases {
            files[file] = CgroupFiles.candidates(file, cgroup: cgroup).lazy.compactMap { ProcFile.open($0) }.first
        }
        self.files = files
        self.isOwn = isOwn
        network = ProcFile.open("/proc/self/net/dev")
    }

    /// How many processes of the cgroup the kernel has killed for want of memory; nil when it can't be read.
    var oomKills: Int? { text(.oomKills).flatMap { CgroupFiles.value(of: "oom_kill", in: $0) } }

    /// The largest memory use so far, in bytes.
    var memoryPeak: Int64? { number(.memoryPeak) }

    /// The largest number of tasks so far.
    var pidsPeak: Int? { number(.pidsPeak).map { Int($0) } }

    /// The number of tasks now.
    var pids: Int? { number(.pids).map { Int($0) } }

    /// Memory use now, without the page cache that the kernel would give back first, in bytes.
    var workingSet: Int64? {
        guard let usage = number(.memoryUsage), let stat = text(.memoryStat) else { return nil }
        let cache =
            CgroupFiles.value(of: "total_inactive_file", in: stat) ?? CgroupFiles.value(of: "inactive_file", in: stat)
        return max(0, usage - Int64(cache ?? 0))
    }

    /// The growing counters now.
    var reading: Reading {
        var reading = Reading()
        if let text = text(.cpuStat) { reading.takeCPU(text) }
        // Version one counts it in a controller of its own, in nanoseconds.
        if reading.cpuMicros == nil { reading.cpuMicros = number(.cpuUsage).map { $0 / 1000 } }
        // Nothing read or written yet is an empty file in version two.
        if files[.blockIO] != nil {
            let bytes = CgroupFiles.blockBytes(in: text(.blockIO) ?? "")
            (reading.readBytes, reading.writtenBytes) = (bytes.read, bytes.written)
        }
        if let text = network.flatMap(ProcFile.reread) {
            let bytes = CgroupFiles.networkBytes(in: text)
            (reading.receivedBytes, reading.sentBytes) = (bytes.received, bytes.sent)
        }
        reading.pidsPeak = number(.pidsPeak)
        reading.refusedForks = text(.pidsEvents).flatMap { CgroupFiles.value(of: "max", in: $0) }.map(Int64.init)
        return reading
    }

    private func text(_ file: CgroupFiles.File) -> String? { files[file].flatMap(ProcFile.reread) }

    private func number(_ file: CgroupFiles.File) -> Int64? { text(file).flatMap(CgroupFiles.number(in:)) }
}
