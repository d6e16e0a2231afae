internal import Foundation

/// Reads one container's accounts from the kernel's files. Blocks for about 0.2 ms.
package struct CgroupReader: Sendable {
    private let paths: CgroupPaths
    private let pid: Int32
    private let read: @Sendable (String) -> String?

    /// Makes a reader for the cgroup of `pid`; `nil` when that process is gone or its cgroup can't be seen.
    package init?(pid: Int32) {
        guard let paths = CgroupPaths(pid: pid) else { return nil }
        self.init(paths: paths, pid: pid, read: Self.text)
    }

    /// The text of a file; `nil` when it can't be read.
    @Sendable static func text(_ path: String) -> String? { KernelFile.text(path) }

    /// How many processes the kernel killed for their memory, from `memory.oom_control` or `memory.events`.
    static func oomKills(in path: String) -> Int? { text(path).flatMap(oomKills(text:)) }

    static func oomKills(text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) }
        }
        return nil
    }

    /// Makes a reader over any source of files.
    package init(paths: CgroupPaths, pid: Int32, read: @escaping @Sendable (String) -> String?) {
        self.paths = paths
        self.pid = pid
        self.read = read
    }

    /// The counters now; `nil` when the cgroup is gone.
    package func sample(at now: ContinuousClock.Instant) -> UsageSample? {
        let sample: UsageSample? =
            switch paths.version {
            case .v1: sampleV1(now)
            case .v2: sampleV2(now)
            }
        guard var sample else { return nil }
        // In a network of its own the first process's devices are the container's (proc(5), /proc/pid/net/dev).
        if let text = read("/proc/\(pid)/net/dev") {
            sample.network = Self.network(text)
        }
        return sample
    }

    private func sampleV1(_ now: ContinuousClock.Instant) -> UsageSample? {
        guard let usage = number("memory", "memory.usage_in_bytes") else { return nil }
        let cache = field("memory", "memory.stat", "total_inactive_file") ?? 0
        let (blockRead, blockWritten) = Self.blockV1(text("blkio", "blkio.throttle.io_service_bytes") ?? "")
        return UsageSample(
            at: now, cpuNanoseconds: number("cpuacct", "cpuacct.usage") ?? 0,
            memoryBytes: usage - min(usage, cache), processes: Int(number("pids", "pids.current") ?? 0),
            blockRead: blockRead, blockWritten: blockWritten)
    }

    private func sampleV2(_ now: ContinuousClock.Instant) -> UsageSample? {
        guard let usage = number("memory", "memory.current") else { return nil }
        let cache = field("memory", "memory.stat", "inactive_file") ?? 0
        let (blockRead, blockWritten) = Self.blockV2(text("io", "io.stat") ?? "")
        return UsageSample(
            at: now, cpuNanoseconds: (field("cpu", "cpu.stat", "usage_usec") ?? 0) * 1000,
            memoryBytes: usage - min(usage, cache), processes: Int(number("pids", "pids.current") ?? 0),
            blockRead: blockRead, blockWritten: blockWritten)
    }

    // MARK: File formats

    private func text(_ controller: String, _ name: String) -> String? { paths.file(controller, name).flatMap(read) }

    private func number(_ controller: String, _ name: String) -> UInt64? {
        text(controller, name).flatMap { UInt64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private func field(_ controller: String, _ name: String, _ key: String) -> UInt64? {
        text(controller, name)?.split(separator: "\n").lazy.map { $0.split(separator: " ") }
            .first { $0.first == key[...] }.flatMap { $0.last.flatMap { UInt64($0) } }
    }

    /// Lines `major:minor Read|Write bytes` of cgroup v1.
    static func blockV1(_ text: String) -> (read: UInt64, written: UInt64) {
        text.split(separator: "\n").map { $0.split(separator: " ") }.reduce(into: (0, 0)) { sum, fields in
            guard fields.count == 3, let bytes = UInt64(fields[2]) else { return }
            if fields[1] == "Read" { sum.0 += bytes }
            if fields[1] == "Write" { sum.1 += bytes }
        }
    }

    /// Lines `major:minor rbytes=… wbytes=…` of cgroup v2.
    static func blockV2(_ text: String) -> (read: UInt64, written: UInt64) {
        text.split(whereSeparator: { $0 == "\n" || $0 == " " }).reduce(into: (0, 0)) { sum, field in
            let pair = field.split(separator: "=")
            guard pair.count == 2, let bytes = UInt64(pair[1]) else { return }
            if pair[0] == "rbytes" { sum.0 += bytes }
            if pair[0] == "wbytes" { sum.1 += bytes }
        }
    }

    /// Received and sent bytes over all devices but loopback.
    static func network(_ text: String) -> UsageSample.Traffic {
        text.split(separator: "\n").dropFirst(2).reduce(into: UsageSample.Traffic(received: 0, sent: 0)) { sum, line in
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, halves[0].trimmingCharacters(in: .whitespaces) != "lo" else { return }
            let numbers = halves[1].split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count >= 9 else { return }
            sum.received += numbers[0]
            sum.sent += numbers[8]
        }
    }
}
