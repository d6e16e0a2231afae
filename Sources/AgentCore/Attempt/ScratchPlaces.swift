import DirectoryTree
import Glibc

/// The directories every task finds as the image has them, because they are swept after each.
///
/// What is in one when the agent starts is the image's and stays, as do entries on the way to another mount.
final class ScratchPlaces {
    /// One directory.
    struct Place {
        let path: String
        /// Its permission bits, as the image has them.
        let mode: mode_t
        /// The names in it that stay, as the kernel has them: a name need not be UTF-8.
        let kept: Set<[CChar]>
    }

    let places: [Place]
    /// Whether shared memory, semaphores and queues of System V are the worker's own, so that they are swept too.
    let ownsIPC: Bool

    /// Looks at the directories at `paths`; those that are not there are left out.
    init(_ paths: [String]) {
        let mounts = paths.isEmpty ? [] : Self.mountPoints(in: ProcFile.text("/proc/self/mountinfo") ?? "")
        places = paths.compactMap { path in
            var status = stat()
            guard stat(path, &status) == 0, let names = DirectoryNames.read(path) else { return nil }
            let onTheWay = Self.names(below: path, in: mounts).map { Array($0.utf8CString) }
            return Place(path: path, mode: status.st_mode & 0o7777, kept: Set(names).union(onTheWay))
        }
        // Only PID 1 of a container has these for itself.
        ownsIPC = !paths.isEmpty && getpid() == 1
    }

    /// Where file systems are mounted, by the text of `/proc/self/mountinfo` (proc(5)); spaces and the like are octal.
    static func mountPoints(in text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5)
            return fields.count > 4 ? unescaped(fields[4]) : nil
        }
    }

    /// The names in the directory at `path` that are mount points or lead to one.
    static func names(below path: String, in mounts: [String]) -> [String] {
        mounts.compactMap { mount in
            guard mount.hasPrefix(path + "/") else { return nil }
            return mount.dropFirst(path.count + 1).split(separator: "/").first.map(String.init)
        }
    }

    private static func unescaped(_ field: Substring) -> String {
        guard field.contains("\\") else { return String(field) }
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
