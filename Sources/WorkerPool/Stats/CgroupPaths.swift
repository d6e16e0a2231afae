/// Where the kernel keeps a process's accounts, from the text of `/proc/<pid>/cgroup` (cgroups(7)).
package struct CgroupPaths: Sendable, Equatable {
    /// Which hierarchy the files belong to.
    package enum Version: Sendable, Equatable {
        case v1
        case v2
    }

    /// The hierarchy.
    package let version: Version
    private let paths: [String: String]

    /// Reads the lines `hierarchy:controllers:path`. A hybrid host has both kinds; the memory controller's place decides.
    /// Returns `nil` when neither names a memory controller.
    package init?(procCgroup text: String, root: String = "/sys/fs/cgroup") {
        var paths: [String: String] = [:]
        var unified: String?
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1].isEmpty {
                unified = "\(root)\(fields[2])"
                continue
            }
            for controller in fields[1].split(separator: ",") where !controller.contains("=") {
                paths[String(controller)] = "\(root)/\(fields[1])\(fields[2])"
            }
        }
        if paths["memory"] != nil {
            version = .v1
            self.paths = paths
        } else if let unified {
            version = .v2
            self.paths = ["": unified]
        } else {
            return nil
        }
    }

    /// The path of a file of a controller; on v2 the controller only names the file's family.
    package func file(_ controller: String, _ name: String) -> String? {
        switch version {
        case .v1: paths[controller].map { "\($0)/\(name)" }
        case .v2: paths[""].map { "\($0)/\(name)" }
        }
    }

    /// The paths of a process of this host; `nil` when it is gone or can't be seen. Blocks for a moment.
    init?(pid: Int32) {
        guard let text = CgroupReader.text("/proc/\(pid)/cgroup") else { return nil }
        self.init(procCgroup: text)
    }

    /// Where the kernel counts the processes it killed for their memory.
    var oomFile: String? { file("memory", version == .v1 ? "memory.oom_control" : "memory.events") }
}
