internal import Foundation

/// What a cgroup allows. Values that are absent can't be seen; `Int64.max` is no limit.
package struct CgroupLimits: Sendable, Equatable {
    /// Bytes of memory.
    package var memory: Int64?
    /// Bytes of memory and swap together.
    package var memoryAndSwap: Int64?
    /// Processes and threads.
    package var processes: Int64?
    /// Cores.
    package var cpus: Double?
    /// Whether every device may be used; `nil` where the kernel does not tell (cgroup v2).
    package var allowsAllDevices: Bool?

    /// The limits of the cgroup that the text of `/proc/<pid>/cgroup` names.
    package static func read(procCgroup text: String) -> CgroupLimits? {
        CgroupPaths(procCgroup: text).map { paths in
            CgroupLimits(paths) { path in
                FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
            }
        }
    }

    /// Reads the files of a cgroup through `read`.
    package init(_ paths: CgroupPaths, read: (String) -> String?) {
        func words(_ controller: String, _ name: String) -> [Substring]? {
            paths.file(controller, name).flatMap(read)?.split(whereSeparator: \.isWhitespace)
        }
        func number(_ controller: String, _ name: String) -> Int64? {
            words(controller, name)?.first.flatMap(Self.number)
        }
        switch paths.version {
        case .v1:
            memory = number("memory", "memory.limit_in_bytes")
            memoryAndSwap = number("memory", "memory.memsw.limit_in_bytes")
            processes = number("pids", "pids.max")
            if let quota = number("cpu", "cpu.cfs_quota_us"), let period = number("cpu", "cpu.cfs_period_us") {
                cpus = quota < 0 ? .infinity : Double(quota) / Double(max(1, period))
            }
            allowsAllDevices = paths.file("devices", "devices.list").flatMap(read).map { $0.hasPrefix("a *:* rwm") }
        case .v2:
            memory = number("memory", "memory.max")
            if let memory, let swap = number("memory", "memory.swap.max") {
                memoryAndSwap = memory.addingReportingOverflow(swap).overflow ? .max : memory + swap
            }
            processes = number("pids", "pids.max")
            if let fields = words("cpu", "cpu.max"), fields.count == 2, let period = Double(fields[1]) {
                cpus = Double(fields[0]).map { $0 / max(1, period) } ?? .infinity
            }
        }
    }

    /// A number, `max`, or what v1 writes instead of that: a number of pages too large for any machine.
    private static func number(_ word: Substring) -> Int64? {
        if word == "max" { return .max }
        return Int64(word).map { $0 >= Int64.max / 4096 * 4096 - 4096 ? .max : $0 }
    }
}
