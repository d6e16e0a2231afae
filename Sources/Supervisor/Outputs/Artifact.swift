internal import Glibc

/// What is known of a file or directory that a task left: enough to see later whether it is still the same.
struct Artifact: Codable, Equatable {
    enum Kind: String, Codable { case file, directory }

    var kind: Kind
    /// Of all its files together.
    var bytes: Int64 = 0
    /// Regular files; links and directories don't count.
    var files = 0
    /// When a file was last changed, in nanoseconds since 1970; of a directory 0.
    var modified: Int64 = 0

    /// Whether there is nothing in it.
    var isEmpty: Bool { kind == .file ? bytes == 0 : files == 0 }

    /// The most entries of one artifact.
    static let mostEntries = 1_000_000
    private static let deepest = 200

    /// Looks at an entry of `parent` and all that is in it; `nil` when there is none. Blocks.
    ///
    /// - Throws: when there is something in it that can't be part of an output, such as a link that leads out of it.
    static func look(at name: String, in parent: HeldDirectory) throws(FileProblem) -> Artifact? {
        guard let status = parent.status(name) else { return nil }
        switch status.kind {
        case .file: return Artifact(kind: .file, bytes: status.bytes, files: 1, modified: status.modified)
        case .directory:
            var artifact = Artifact(kind: .directory)
            var entries = 0
            try artifact.add(try parent.directory(name), depth: 0, &entries)
            return artifact
        case .link: throw FileProblem("it is a symbolic link")
        case .other: throw FileProblem("it is neither a file nor a directory")
        }
    }

    private mutating func add(_ directory: HeldDirectory, depth: Int, _ entries: inout Int) throws(FileProblem) {
        guard depth <= Self.deepest else { throw FileProblem("it is more than \(Self.deepest) directories deep") }
        for name in try directory.names() {
            entries += 1
            guard entries <= Self.mostEntries else {
                throw FileProblem("it has more than \(Self.mostEntries) entries")
            }
            guard let status = directory.status(name) else { continue }
            switch status.kind {
            case .file:
                bytes += status.bytes
                files += 1
            case .directory: try add(try directory.directory(name), depth: depth + 1, &entries)
            case .link:
                let target = try directory.target(ofLink: name)
                guard LinkRule.stays(target, depth: depth) else {
                    throw FileProblem("the symbolic link \(name) in it leads out of it, to \(target)")
                }
            case .other: throw FileProblem("\(name) in it is neither a file, a directory nor a link")
            }
        }
    }

    /// Makes an artifact this process's own, readable by its owner, without set-user-ID bits, and waits until its files
    /// are on the disk. Ownership stays where it can't be changed. Blocks.
    static func settle(_ name: String, in parent: HeldDirectory) throws(FileProblem) {
        guard let status = parent.status(name), status.kind != .link else { return }
        if status.owner != geteuid() || status.group != getegid() {
            fchownat(parent.descriptor, name, geteuid(), getegid(), AT_SYMLINK_NOFOLLOW)
        }
        // Not followed: nothing that could put a link there still runs.
        let mode = (status.mode & 0o777) | (status.kind == .directory ? 0o700 : 0o600)
        if mode != status.mode { fchmodat(parent.descriptor, name, mode, 0) }
        guard status.kind == .directory else {
            let file = try parent.file(name)
            defer { close(file) }
            guard fsync(file) == 0 else { throw FileProblem("can't flush \(name) to the disk", errno) }
            return
        }
        let directory = try parent.directory(name)
        for entry in try directory.names() { try settle(entry, in: directory) }
        try directory.flush()
    }
}
