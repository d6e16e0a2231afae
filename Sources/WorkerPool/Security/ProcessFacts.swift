internal import Foundation
internal import Glibc

/// What the kernel says about a process, from its directory in `/proc` (proc(5)).
package struct ProcessFacts: Sendable, Equatable {
    /// One mounted file system as the process sees it.
    package struct Mount: Sendable, Equatable {
        /// Where it is mounted.
        package var target: String
        /// Whether nothing can be written through it.
        package var isReadOnly: Bool
        /// Such as `overlay`.
        package var type: String
    }

    /// A soft and a hard limit; `nil` is unlimited.
    package struct Limit: Sendable, Equatable {
        /// The soft limit.
        package var soft: UInt64?
        /// The hard limit.
        package var hard: UInt64?
    }

    /// The lines of `status` by their names.
    package var status: [String: String]
    /// `uid_map`.
    package var userMap: [IDRange]
    /// `gid_map`.
    package var groupMap: [IDRange]
    /// The namespaces by their names (`pid`), and which of them are not ours; `nil` for one that can't be seen.
    package var ownNamespaces: [String: Bool]
    /// `mountinfo`.
    package var mounts: [Mount]
    /// `limits` by their names (`Max open files`).
    package var limits: [String: Limit]
    /// What its cgroup allows; `nil` when that can't be seen.
    package var cgroup: CgroupLimits?
    /// The network interfaces of its namespace (`net/dev`).
    package var interfaces: [String] = []

    /// A line of `uid_map`: so many numbers from `inside` on are those from `outside` on for us.
    package struct IDRange: Sendable, Equatable {
        /// The first number in the process's user namespace.
        package var inside: UInt32
        /// The first number in ours.
        package var outside: UInt32
        /// How many.
        package var count: UInt32
    }

    /// The kinds of namespaces that are looked at.
    package static let namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]

    /// Looks at a process; `nil` when it is gone. Blocks for some reads of `/proc`.
    package static func read(pid: Int32) -> ProcessFacts? {
        func text(_ name: String) -> String { KernelFile.text("/proc/\(pid)/\(name)") ?? "" }
        let status = text("status")
        guard pid > 0, !status.isEmpty else { return nil }
        var own: [String: Bool] = [:]
        for name in namespaces {
            guard let theirs = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/\(name)"),
                let ours = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/\(name)")
            else { continue }
            own[name] = theirs != ours
        }
        return ProcessFacts(
            status: fields(of: status), userMap: ranges(in: text("uid_map")), groupMap: ranges(in: text("gid_map")),
            ownNamespaces: own, mounts: mounts(in: text("mountinfo")), limits: limits(in: text("limits")),
            cgroup: CgroupLimits.read(procCgroup: text("cgroup")), interfaces: interfaces(in: text("net/dev")))
    }

    /// The effective user as the process itself sees it.
    var user: UInt32? { Self.inside(status["Uid"], userMap) }
    /// The effective group as the process itself sees it.
    var group: UInt32? { Self.inside(status["Gid"], groupMap) }

    // MARK: File formats

    static func fields(of status: String) -> [String: String] {
        Dictionary(
            status.split(separator: "\n").compactMap { line in
                let halves = line.split(separator: ":", maxSplits: 1)
                return halves.count == 2 ? (String(halves[0]), halves[1].trimmingCharacters(in: .whitespaces)) : nil
            }, uniquingKeysWith: { first, _ in first })
    }

    static func ranges(in map: String) -> [IDRange] {
        map.split(separator: "\n").compactMap { line in
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }
            return numbers.count == 3 ? IDRange(inside: numbers[0], outside: numbers[1], count: numbers[2]) : nil
        }
    }

    /// Lines `  eth0: 1296 16 …` below two of titles.
    static func interfaces(in text: String) -> [String] {
        text.split(separator: "\n").dropFirst(2).compactMap { line in
            line.firstIndex(of: ":").map { line[..<$0].trimmingCharacters(in: .whitespaces) }
        }
    }

    /// Lines `36 35 98:0 /root /target ro,nosuid - type source options`.
    static func mounts(in text: String) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
            let options = fields[5].split(separator: ",")
            // A mount may be writable on a file system that is not.
            let ofSuper = fields.last?.split(separator: ",") ?? []
            return Mount(
                target: fields[4].replacingOccurrences(of: "\\040", with: " "),
                isReadOnly: options.contains("ro") || ofSuper.contains("ro"), type: String(fields[dash + 1]))
        }
    }

    /// Lines `Max open files            1024                 4096                 files`.
    static func limits(in text: String) -> [String: Limit] {
        Dictionary(
            text.split(separator: "\n").dropFirst().compactMap { line in
                let name = line.prefix(26).trimmingCharacters(in: .whitespaces)
                let values = line.dropFirst(26).split(separator: " ")
                return values.count < 2 ? nil : (name, Limit(soft: UInt64(values[0]), hard: UInt64(values[1])))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The second number of `Uid:` is the effective one.
    private static func inside(_ ids: String?, _ map: [IDRange]) -> UInt32? {
        let numbers = (ids ?? "").split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
        guard numbers.count > 1 else { return nil }
        return map.first { numbers[1] >= $0.outside && numbers[1] - $0.outside < $0.count }
            .map { $0.inside + (numbers[1] - $0.outside) }
    }
}
