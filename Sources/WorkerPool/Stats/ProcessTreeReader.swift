internal import Foundation
internal import Glibc

/// Adds up what local workers use: their agent's process and everything below it, from one reading of `/proc`.
/// Blocks for about 20 µs a process of the host.
package struct ProcessTreeReader: Sendable {
    /// One process, from `/proc/<pid>/stat` (proc(5)).
    package struct Entry: Sendable, Equatable {
        /// Its parent.
        package var parent: Int32
        /// CPU time of it and of the children it waited for, in clock ticks.
        package var ticks: UInt64
        /// Its threads.
        package var threads: Int
        /// Its resident pages.
        package var pages: UInt64
        /// Whether it has ended and waits for its parent to notice.
        package var isZombie = false
    }

    private let entries: [Int32: Entry]
    private let children: [Int32: [Int32]]
    private let nanosecondsPerTick: UInt64
    private let pageSize: UInt64

    /// Reads every process of the host.
    package init() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        var entries: [Int32: Entry] = [:]
        for pid in names.compactMap({ Int32($0) }) {
            entries[pid] = KernelFile.text("/proc/\(pid)/stat").flatMap { Self.parse($0) }
        }
        self.init(
            entries: entries, ticksPerSecond: UInt64(max(1, sysconf(Int32(_SC_CLK_TCK)))),
            pageSize: UInt64(max(1, sysconf(Int32(_SC_PAGESIZE)))))
    }

    /// Makes a reader over known processes.
    package init(entries: [Int32: Entry], ticksPerSecond: UInt64, pageSize: UInt64) {
        self.entries = entries
        children = Dictionary(grouping: entries.keys) { entries[$0]?.parent ?? 0 }
        nanosecondsPerTick = 1_000_000_000 / ticksPerSecond
        self.pageSize = pageSize
    }

    /// What the process `root` and its descendants use; `nil` when it is gone.
    package func sample(root: Int32, at now: ContinuousClock.Instant) -> UsageSample? {
        guard entries[root] != nil else { return nil }
        var sample = UsageSample(at: now)
        var pending = [root]
        while let pid = pending.popLast() {
            guard let entry = entries[pid] else { continue }
            sample.cpuNanoseconds += entry.ticks * nanosecondsPerTick
            sample.memoryBytes += entry.pages * pageSize
            sample.processes += entry.threads
            pending += children[pid] ?? []
        }
        return sample
    }

    /// Every process.
    var pids: [Int32] { Array(entries.keys) }

    /// Whether a process is a zombie.
    func isZombie(_ pid: Int32) -> Bool { entries[pid]?.isZombie ?? false }

    /// These processes and all that descend from them.
    func family(of roots: [Int32]) -> Set<Int32> {
        var family = Set<Int32>()
        var pending = roots
        while let pid = pending.popLast() {
            if family.insert(pid).inserted { pending += children[pid] ?? [] }
        }
        return family
    }

    /// Reads a line of `/proc/<pid>/stat`; the command in parentheses may hold anything.
    static func parse(_ line: String) -> Entry? {
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ")
        guard fields.count > 21, let parent = Int32(fields[1]), let threads = Int(fields[17]),
            let pages = UInt64(fields[21])
        else { return nil }
        let ticks = fields[11...14].compactMap { UInt64($0) }.reduce(0, +)
        return Entry(parent: parent, ticks: ticks, threads: threads, pages: pages, isZombie: fields[0] == "Z")
    }
}
