/// Where a process's cgroup files are, and what is in them. Pure.
enum CgroupFiles {
    /// A file's possible places, the best first.
    static func candidates(_ file: File, cgroup: String) -> [String] {
        let lines = cgroup.split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        var places: [String] = []
        for line in lines where line.count == 3 {
            let controllers = line[1].split(separator: ",")
            if controllers.contains(Substring(file.controller)) {
                // Inside a container the path is often the host's while the mount shows the container's own group.
                for path in [String(line[2]), ""] {
                    places.append(join("/sys/fs/cgroup/\(file.controller)", path, file.versionOne))
                }
            } else if controllers.isEmpty {
                for path in [String(line[2]), ""] {
                    places.append(join("/sys/fs/cgroup", path, file.versionTwo))
                }
            }
        }
        var seen: Set<String> = []
        return places.filter { seen.insert($0).inserted }
    }

    /// The number after `key` in `key number` lines.
    static func value(of key: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == key { return Int(words[1]) }
        }
        return nil
    }

    /// The only number in a file; `max` is none.
    static func number(in text: String) -> Int64? {
        Int64(text.filter { !$0.isWhitespace })
    }

    /// The files the agent reads.
    enum File: CaseIterable {
        case oomKills, memoryPeak, pidsPeak

        var controller: String { self == .pidsPeak ? "pids" : "memory" }

        /// The file's name in the controller's own hierarchy (cgroup v1).
        var versionOne: String {
            switch self {
            case .oomKills: "memory.oom_control"
            case .memoryPeak: "memory.max_usage_in_bytes"
            case .pidsPeak: "pids.peak"
            }
        }

        /// The file's name in the unified hierarchy (cgroup v2).
        var versionTwo: String {
            switch self {
            case .oomKills: "memory.events"
            case .memoryPeak: "memory.peak"
            case .pidsPeak: "pids.peak"
            }
        }
    }

    private static func join(_ mount: String, _ path: String, _ file: String) -> String {
        path == "/" || path.isEmpty ? "\(mount)/\(file)" : "\(mount)\(path)/\(file)"
    }
}
