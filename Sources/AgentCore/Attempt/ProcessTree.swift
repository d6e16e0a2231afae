import Glibc

/// Who descends from whom, by `/proc`.
struct ProcessTree {
    private var children: [pid_t: [pid_t]] = [:]
    /// Processes whose first thread has ended. Most are dead, but other threads may live on.
    let zombies: Set<pid_t>

    /// Makes a tree of (process, parent) pairs.
    init(_ pairs: some Sequence<(pid: pid_t, parent: pid_t)>, zombies: Set<pid_t> = []) {
        self.zombies = zombies
        for pair in pairs { children[pair.parent, default: []].append(pair.pid) }
    }

    /// Every process below `root`, parents before their children.
    func descendants(of root: pid_t) -> [pid_t] {
        var found: [pid_t] = children[root] ?? []
        var seen = Set(found)
        var index = 0
        while index < found.count {
            for child in children[found[index]] ?? [] where seen.insert(child).inserted { found.append(child) }
            index += 1
        }
        return found
    }

    /// Reads `/proc` as it is now.
    static func current() -> ProcessTree {
        guard let directory = opendir("/proc") else { return ProcessTree([]) }
        defer { closedir(directory) }
        var pairs: [(pid: pid_t, parent: pid_t)] = []
        var zombies: Set<pid_t> = []
        while let entry = readdir(directory) {
            let pid = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                pid_t(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
            }
            guard let pid, let text = ProcFile.text("/proc/\(pid)/stat", limit: 1024),
                let stat = parse(stat: text)
            else { continue }
            pairs.append((pid, stat.parent))
            if stat.state == "Z" { zombies.insert(pid) }
        }
        return ProcessTree(pairs, zombies: zombies)
    }

    /// State and parent in a line of `/proc/<pid>/stat`. The name before them may hold spaces and brackets itself.
    static func parse(stat: String) -> (state: String, parent: pid_t)? {
        guard let bracket = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: bracket)...].split(separator: " ", maxSplits: 2)
        guard fields.count >= 2, let parent = pid_t(fields[1]) else { return nil }
        return (String(fields[0]), parent)
    }
}
