internal import Foundation
internal import Glibc

/// What this host has to do, from the kernel's own files; see proc_loadavg(5) and proc_meminfo(5).
enum HostPressure {
    /// The load average of the last minute for each CPU.
    static func cpuLoad(loadavg: String, cpus: Int) -> Double? {
        loadavg.split(separator: " ").first.flatMap { Double($0) }.map { $0 / Double(max(1, cpus)) }
    }

    /// Percent of the memory that can't be had without swapping.
    static func memory(meminfo: String) -> Double? {
        var sizes: [Substring: Double] = [:]
        for line in meminfo.split(separator: "\n") {
            let words = line.split { $0 == ":" || $0 == " " }
            if words.count >= 2 { sizes[words[0]] = Double(words[1]) }
        }
        guard let total = sizes["MemTotal"], let available = sizes["MemAvailable"], total > 0 else { return nil }
        return (total - min(total, available)) / total * 100
    }

    /// Percent of a file system that is in use, as df(1) counts: of what is not kept for root. Blocks.
    static func disk(at path: String) -> Double? {
        var info = statvfs()
        guard statvfs(path, &info) == 0, info.f_blocks >= info.f_bfree else { return nil }
        let used = Double(info.f_blocks - info.f_bfree)
        let usable = used + Double(info.f_bavail)
        return usable > 0 ? used / usable * 100 : nil
    }

    /// All of it. Blocks.
    static func sample(stateDirectory: String) -> PressureSample {
        PressureSample(
            cpuLoad: text("/proc/loadavg").flatMap {
                cpuLoad(loadavg: $0, cpus: ProcessInfo.processInfo.activeProcessorCount)
            },
            memory: text("/proc/meminfo").flatMap { memory(meminfo: $0) }, disk: disk(at: stateDirectory))
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
