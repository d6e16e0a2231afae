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

    /// Bytes read and written, from lines `254:0 Read 4096` (version one) or `254:0 rbytes=4096 wbytes=0` (two).
    static func blockBytes(in text: String) -> (read: Int64, written: Int64) {
        var sum: (read: Int64, written: Int64) = (0, 0)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 3, let bytes = Int64(words[2]) {
                if words[1] == "Read" { sum.read += bytes }
                if words[1] == "Write" { sum.written += bytes }
                continue
            }
            for word in words.dropFirst() {
                let pair = word.split(separator: "=")
                guard pair.count == 2, let bytes = Int64(pair[1]) else { continue }
                if pair[0] == "rbytes" { sum.read += bytes }
                if pair[0] == "wbytes" { sum.written += bytes }
            }
        }
        return sum
    }

    /// Bytes received and sent over every device but loopback, from `/proc/<pid>/net/dev`.
    static func networkBytes(in text: String) -> (received: Int64, sent: Int64) {
        var sum: (received: Int64, sent: Int64) = (0, 0)
        for line in text.split(separator: "\n").dropFirst(2) {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, halves[0].filter({ $0 != " " }) != "lo" else { continue }
            let numbers = halves[1].split(separator: " ").compactMap { Int64($0) }
            guard numbers.count >= 9 else { continue }
            sum.received += numbers[0]
            sum.sent += numbers[8]
        }
        return sum
    }

    /// The files the agent reads.
    enum File: CaseIterable {
        case oomKills, memoryPeak, memoryUsage, memoryStat, pidsPeak, pids, pidsEvents, cpuUsage, cpuStat, blockIO

        /// The controller whose hierarchy has the file in version one.
        var controller: String {
            switch self {
            case .oomKills, .memoryPeak, .memoryUsage, .memoryStat: "memory"
            case .pidsPeak, .pids, .pidsEvents: "pids"
            case .cpuUsage: "cpuacct"
            case .cpuStat: "cpu"
            case .blockIO: "blkio"
            }
        }

        /// The file's name in the controller's own hierarchy (cgroup v1).
        var versionOne: String {
            switch self {
            case .oomKills: "memory.oom_control"
            case .memoryPeak: "memory.max_usage_in_bytes"
            case .memoryUsage: "memory.usage_in_bytes"
            case .memoryStat: "memory.stat"
            case .pidsPeak: "pids.peak"
            case .pids: "pids.current"
            case .pidsEvents: "pids.events"
            case .cpuUsage: "cpuacct.usage"
            case .cpuStat: "cpu.stat"
            case .blockIO: "blkio.throttle.io_service_bytes"
            }
        }

        /// The file's name in the unified hierarchy (cgroup v2).
        var versionTwo: String {
            switch self {
            case .oomKills: "memory.events"
            case .memoryPeak: "memory.peak"
            case .memoryUsage: "memory.current"
            case .memoryStat: "memory.stat"
            case .pidsPeak: "pids.peak"
            case .pids: "pids.current"
            case .pidsEvents: "pids.events"
            case .cpuUsage, .cpuStat: "cpu.stat"
            case .blockIO: "io.stat"
            }
        }
    }

    private static func join(_ mount: String, _ path: String, _ file: String) -> String {
        path == "/" || path.isEmpty ? "\(mount)/\(file)" : "\(mount)\(path)/\(file)"
    }
}
