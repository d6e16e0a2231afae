internal import Foundation

/// The kernel's accounting of a container, read on the host through the pid of its first process.
package struct CgroupProbe: Sendable {
    private let pid: Int32

    /// Looks at the container whose inspection this is; it must run.
    package init?(inspection: JSONValue) {
        guard let pid = inspection["State"]["Pid"].int, pid > 0 else { return nil }
        self.pid = Int32(pid)
    }

    /// CPU seconds used so far by everything in the container.
    package var cpuSeconds: Double? {
        if let nanos = read("cpuacct", "cpuacct.usage").flatMap({ Double($0) }) { return nanos / 1e9 }
        return value(of: "usage_usec", in: read("cpu", "cpu.stat")).map { Double($0) / 1e6 }
    }

    /// How often a fork was refused because of the limit on processes.
    package var refusedForks: Int? { value(of: "max", in: read("pids", "pids.events")) }

    /// Processes and threads now.
    package var processes: Int? { read("pids", "pids.current").flatMap { Int($0) } }

    private func value(of key: String, in text: String?) -> Int? {
        for line in (text ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == key { return Int(words[1]) }
        }
        return nil
    }

    /// A file of a controller: cgroup v1 has a hierarchy for each, v2 (`0::/path`) has one for all.
    private func read(_ controller: String, _ file: String) -> String? {
        let table = FileManager.default.contents(atPath: "/proc/\(pid)/cgroup").map {
            String(decoding: $0, as: UTF8.self)
        }
        for line in (table ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isVersion1 = fields[1].split(separator: ",").contains { $0 == controller }
            guard isVersion1 || (fields[0] == "0" && fields[1].isEmpty) else { continue }
            let root = isVersion1 ? "/sys/fs/cgroup/\(fields[1])" : "/sys/fs/cgroup"
            for mount in isVersion1 ? [root, "/sys/fs/cgroup/\(controller)"] : [root] {
                if let data = FileManager.default.contents(atPath: "\(mount)\(fields[2])/\(file)") {
                    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
                }
            }
        }
        return nil
    }
}
