internal import Foundation
internal import Glibc
internal import TaskModel

/// A cgroup of one local worker, below the supervisor's own: what its agent and all its tasks may use together.
///
/// Made where this process may write to its cgroup: as root, or with a delegated one (systemd: `Delegate=yes` and
/// `DelegateSubgroup=supervisor`). Every call blocks for some system calls.
package struct LocalCgroup: Sendable, Equatable {
    /// Its directory by controller: one for each on cgroup v1; on v2 the same for all.
    let directories: [String: String]
    private let version: CgroupPaths.Version

    private static let controllers = ["memory", "cpu", "pids"]
    private static let record = "cgroup"
    /// The usual period of CPU quotas, in microseconds (sched-bwc of the kernel's documentation).
    private static let period = 100_000

    /// Why there is none.
    package struct Problem: Error, Equatable {
        /// In plain words.
        package var words: String
    }

    init(directories: [String: String], version: CgroupPaths.Version) {
        self.directories = directories
        self.version = version
    }

    /// Whether local workers of this process can have one. Makes and removes one to find out.
    package static func problem() -> Problem? {
        do {
            try make(name: "acode-check-\(getpid())").remove()
            return nil
        } catch {
            return error
        }
    }

    /// Makes an empty one without limits.
    static func make(name: String) throws(Problem) -> LocalCgroup {
        guard let paths = KernelFile.text("/proc/self/cgroup").flatMap({ CgroupPaths(procCgroup: $0) }) else {
            throw Problem(words: "this process's cgroup can't be seen")
        }
        switch paths.version {
        case .v1:
            var made: [String: String] = [:]
            for controller in controllers {
                guard let own = paths.file(controller, name) else {
                    LocalCgroup(directories: made, version: .v1).remove()
                    throw Problem(words: "the kernel has no cgroup controller \(controller)")
                }
                guard mkdir(own, 0o755) == 0 || errno == EEXIST else {
                    let code = errno
                    LocalCgroup(directories: made, version: .v1).remove()
                    throw Problem(words: "can't make the cgroup \(own): \(String(cString: strerror(code)))")
                }
                made[controller] = own
            }
            return LocalCgroup(directories: made, version: .v1)
        case .v2: return try makeUnified(name: name, paths)
        }
    }

    /// Own processes forbid groups with limits below the own one, so that the one above is tried as well: with systemd's
    /// `DelegateSubgroup=` that is the service's.
    private static func makeUnified(name: String, _ paths: CgroupPaths) throws(Problem) -> LocalCgroup {
        guard let own = paths.file("", name) else { throw Problem(words: "this process's cgroup can't be seen") }
        let place = URL(fileURLWithPath: own).deletingLastPathComponent()
        var words = ""
        for base in [place, place.deletingLastPathComponent()] where base.path.hasPrefix("/sys/fs/cgroup") {
            if let code = write("+memory +cpu +pids", to: "\(base.path)/cgroup.subtree_control") {
                words = "can't hand limits down from the cgroup \(base.path): \(String(cString: strerror(code)))"
                continue
            }
            let directory = "\(base.path)/\(name)"
            if mkdir(directory, 0o755) == 0 || errno == EEXIST {
                let pairs = controllers.map { ($0, directory) }
                return LocalCgroup(directories: Dictionary(uniqueKeysWithValues: pairs), version: .v2)
            }
            words = "can't make the cgroup \(directory): \(String(cString: strerror(errno)))"
        }
        throw Problem(words: words)
    }

    /// Sets the limits, whatever they were.
    func set(_ limits: ResourceLimits) throws(Problem) {
        for step in steps(limits) {
            guard let code = Self.write(step.value, to: step.file), !(step.isOptional && code == ENOENT) else {
                continue
            }
            throw Problem(words: "can't write \(step.value) to \(step.file): \(String(cString: strerror(code)))")
        }
    }

    /// One write.
    struct Step: Equatable {
        var file: String
        var value: String
        /// Whether kernels exist that do not have the file: those that don't count swap.
        var isOptional = false
    }

    /// What is to be written, in this order: on v1 memory with swap may never be less than memory.
    func steps(_ limits: ResourceLimits) -> [Step] {
        let (memory, cpu, pids) = (directories["memory"] ?? "", directories["cpu"] ?? "", directories["pids"] ?? "")
        let quota = max(1000, Int((limits.cpus * Double(Self.period)).rounded()))
        let processes = Step(file: "\(pids)/pids.max", value: "\(limits.pidsLimit)")
        switch version {
        case .v1:
            return [
                Step(file: "\(memory)/memory.memsw.limit_in_bytes", value: "-1", isOptional: true),
                Step(file: "\(memory)/memory.limit_in_bytes", value: "\(limits.memoryBytes)"),
                Step(
                    file: "\(memory)/memory.memsw.limit_in_bytes", value: "\(limits.memoryBytes)", isOptional: true),
                Step(file: "\(cpu)/cpu.cfs_period_us", value: "\(Self.period)"),
                Step(file: "\(cpu)/cpu.cfs_quota_us", value: "\(quota)"), processes,
            ]
        case .v2:
            return [
                Step(file: "\(memory)/memory.max", value: "\(limits.memoryBytes)"),
                Step(file: "\(memory)/memory.swap.max", value: "0", isOptional: true),
                Step(file: "\(cpu)/cpu.max", value: "\(quota) \(Self.period)"), processes,
            ]
        }
    }

    // MARK: The end

    /// Kills what is left in it and removes it; takes at most about a second.
    package func remove() {
        for directory in Set(directories.values) {
            for _ in 0..<200 {
                if rmdir(directory) == 0 || errno == ENOENT { break }
                let pids = KernelFile.text("\(directory)/cgroup.procs") ?? ""
                for pid in pids.split(separator: "\n").compactMap({ Int32($0) })
                where pid > 1 && pid != getpid() {
                    kill(pid, SIGKILL)
                }
                // Until the kernel has let go of what was killed.
                usleep(5000)
            }
        }
    }

    /// Notes it in a worker's directory, so that a later supervisor can remove it.
    func note(in directory: String) throws(Problem) {
        let lines = Set(directories.values).sorted().joined(separator: "\n")
        guard FileManager.default.createFile(atPath: "\(directory)/\(Self.record)", contents: Data(lines.utf8)) else {
            throw Problem(words: "can't write \(directory)/\(Self.record)")
        }
    }

    /// Removes the one that is noted in a worker's directory, if there is any.
    static func removeNoted(in directory: String) {
        guard let lines = FileManager.default.contents(atPath: "\(directory)/\(record)") else { return }
        let paths = String(decoding: lines, as: UTF8.self).split(separator: "\n").map(String.init)
        LocalCgroup(directories: Dictionary(uniqueKeysWithValues: paths.map { ($0, $0) }), version: .v1).remove()
    }

    /// Writes to an existing file; returns the `errno` of a failure.
    private static func write(_ text: String, to path: String) -> Int32? {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        let count = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        return count < 0 ? errno : nil
    }
}
