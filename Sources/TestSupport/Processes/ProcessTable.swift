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
            pid != ProcessInfo.processInfo.processIdentifier && !isEnded(pid)
                && ["cmdline", "environ"].contains { file in
                    FileManager.default.contents(atPath: "/proc/\(pid)/\(file)")?.range(of: needle) != nil
                }
        }
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
