internal import Glibc

/// Finds and kills what a local worker left running when its agent could not clean up itself.
///
/// A worker's processes are those whose environment holds its mark, and whatever descends from them: a task may have
/// changed its environment, but its agent is the reaper of orphans, so everything stays below the agent while that lives.
/// Reads `/proc`; blocks for about 50 µs a process of the host.
package enum LeftoverProcesses {
    /// The variable every process of a worker inherits.
    package static let mark = "ACODE_WORKER_ID"

    /// Kills the worker's processes, agents last, until none is found any more, at most `rounds` times, for which it blocks up
    /// to about half a second; returns how many signals were sent.
    @discardableResult
    package static func kill(worker: String, rounds: Int = 100) -> Int {
        var killed = 0
        for round in 0..<rounds {
            let found = pids(worker: worker)
            let agents = found.filter(isAgent)
            // What an agent's child forks meanwhile falls to the agent and is found in the next round.
            let victims = found.count > agents.count ? found.filter { !agents.contains($0) } : agents
            if victims.isEmpty { break }
            for pid in victims where Glibc.kill(pid, SIGKILL) == 0 { killed += 1 }
            // One that may use little of a processor, or waits for a disk, takes a moment to end.
            if round > 0 { usleep(5000) }
        }
        return killed
    }

    /// The live processes of `worker`, zombies left out.
    package static func pids(worker: String) -> [Int32] {
        let tree = ProcessTreeReader()
        let needle = Array("\(mark)=\(worker)".utf8)
        let marked = tree.pids.filter { pid in
            guard let data = KernelFile.bytes("/proc/\(pid)/environ") else { return false }
            return data.split(separator: 0).contains { $0.elementsEqual(needle) }
        }
        return tree.family(of: marked).filter { $0 != getpid() && !tree.isZombie($0) }.sorted()
    }

    private static func isAgent(_ pid: Int32) -> Bool {
        KernelFile.text("/proc/\(pid)/comm")?.hasPrefix("acode-agent") ?? false
    }
}
