import Glibc

/// The counters of the agent's own cgroup, which is also the task's. The files stay open: reading them costs little.
final class CgroupCounters {
    private let oomFile: Descriptor?
    private let memoryFile: Descriptor?
    private let pidsFile: Descriptor?

    init() {
        let cgroup = ProcFile.text("/proc/self/cgroup") ?? ""
        func open(_ file: CgroupFiles.File) -> Descriptor? {
            CgroupFiles.candidates(file, cgroup: cgroup).lazy.compactMap { ProcFile.open($0) }.first
        }
        oomFile = open(.oomKills)
        memoryFile = open(.memoryPeak)
        pidsFile = open(.pidsPeak)
    }

    /// How many processes of the cgroup the kernel has killed for want of memory; nil when it can't be read.
    var oomKills: Int? {
        oomFile.flatMap(ProcFile.reread).flatMap { CgroupFiles.value(of: "oom_kill", in: $0) }
    }

    /// The largest memory use so far, in bytes.
    var memoryPeak: Int64? {
        memoryFile.flatMap(ProcFile.reread).flatMap(CgroupFiles.number(in:))
    }

    /// The largest number of tasks so far.
    var pidsPeak: Int? {
        pidsFile.flatMap(ProcFile.reread).flatMap(CgroupFiles.number(in:)).map { Int($0) }
    }
}
