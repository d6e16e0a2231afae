internal import Foundation

/// What the kernel says about processes, read from `/proc`.
package enum ProcessTable {
    /// Whether a process is gone or a zombie.
    package static func isEnded(_ pid: Int32) -> Bool {
        guard let state = state(pid) else { return true }
        return state == "Z" || state == "X"
    }

    /// The live processes whose command line or environment holds `text`, and which are not the test itself.
    package static func mentioning(_ text: String) -> [Int32] {
        let needle = Data(text.utf8)
        return all().filter { pid in
            pid != ProcessInfo.processInfo.processIdentifier && !isEnded(pid) && words(pid).range(of: needle) != nil
        }
    }

    /// Command line and environment. A process that is just becoming another program has neither for a moment; one that
    /// has no program is the kernel's own and never has.
    private static func words(_ pid: Int32) -> Data {
        var words = Data()
        for _ in 0..<100 {
            for file in ["cmdline", "environ"] {
                words += (FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()) + [0]
            }
            let isBecoming = words.allSatisfy { $0 == 0 }
            guard isBecoming, (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) != nil
            else { break }
            usleep(1000)
        }
        return words
    }

    /// A process's arguments.
    package static func arguments(_ pid: Int32) -> [String] {
        let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Every process id, zombies included.
    package static func all() -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    }

    private static func state(_ pid: Int32) -> Character? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat"),
            let close = data.lastIndex(of: UInt8(ascii: ")")), close + 2 < data.endIndex
        else { return nil }
        return Character(UnicodeScalar(data[close + 2]))
    }
}
