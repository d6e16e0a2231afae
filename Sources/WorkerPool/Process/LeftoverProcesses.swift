internal import Foundation
internal import Glibc

/// Finds what a local worker left running when its agent could not clean up itself: processes whose environment holds
/// the worker's mark. Reads `/proc`; blocks for about 10 µs a process.
package enum LeftoverProcesses {
    /// The variable every process of a worker inherits.
    package static let mark = "ACODE_WORKER_ID"

    /// Kills every process marked with `worker` until none is found any more, at most `rounds` times, and returns how
    /// many were killed.
    @discardableResult
    package static func kill(worker: String, rounds: Int = 20) -> Int {
        var killed = 0
        for _ in 0..<rounds {
            let found = pids(worker: worker)
            if found.isEmpty { break }
            for pid in found where Glibc.kill(pid, SIGKILL) == 0 { killed += 1 }
        }
        return killed
    }

    /// The live processes marked with `worker`, zombies left out.
    package static func pids(worker: String) -> [Int32] {
        let needle = Array("\(mark)=\(worker)".utf8)
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { pid in
            guard pid != getpid(), let data = FileManager.default.contents(atPath: "/proc/\(pid)/environ")
            else { return false }
            return data.split(separator: 0).contains { $0.elementsEqual(needle) } && !isZombie(pid)
        }
    }

    private static func isZombie(_ pid: Int32) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return true }
        // The state is the first field after the command's closing parenthesis (proc(5)).
        let tail = String(decoding: data, as: UTF8.self).split(separator: ")").last ?? ""
        return tail.hasPrefix(" Z")
    }
}
