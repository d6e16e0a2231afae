internal import Foundation
internal import Glibc
package import Settings
package import TaskModel

/// Keeps copies of the artifacts of checkpoints, `<root>/<task>/<shelf>/<path>`, until their task has ended. Beside them
/// `<root>/<task>/.store` names the store that knows the task, because several may share a root. All calls block.
package struct CheckpointShelf: Sendable {
    /// The directory of all tasks, of every host that shares it.
    let root: String

    /// The shelf of a configuration.
    package init(settings: Settings, layout: StateLayout) {
        root = settings.checkpoints.directory.isEmpty ? layout.checkpoints : settings.checkpoints.directory
    }

    init(root: String) { self.root = root }

    /// What was kept.
    struct Kept: Sendable {
        /// The name of its directory.
        let shelf: String
        let artifacts: [CheckpointArtifact]
        /// The directories of the task that were there before.
        let earlier: [String]
    }

    /// Copies artifacts, all or none, to a new directory of the task, and waits until they are on the disk.
    ///
    /// - Parameters:
    ///   - paths: names below the directory `name` in `exchange`, which a task can write to and is not trusted.
    ///   - store: the identity of the store that knows the task; `nil` where nobody can tell.
    ///   - isOver: asked now and then whether to give up.
    /// - Throws: why not, in words; then nothing is left.
    func keep(
        _ paths: [[String]], from name: String, in exchange: String, of task: TaskID, in store: String? = nil,
        isOver: @escaping @Sendable () -> Bool
    ) throws(FileProblem) -> Kept {
        let source = try HeldDirectory.open(exchange).directory(name)
        let shelf = UUID().uuidString.lowercased()
        let tasks = try open()
        let own = try tasks.directory(task.rawValue, creating: true)
        let earlier = try own.names { $0 != Self.mark }
        if let store { Self.mark(own, with: store) }
        let target = try own.directory(shelf, creating: true)
        do throws(FileProblem) {
            var artifacts: [CheckpointArtifact] = []
            for path in paths {
                let written = path.joined(separator: "/")
                do throws(FileProblem) {
                    artifacts.append(try copy(path, written, from: source, to: target, isOver))
                } catch {
                    throw error.at("the artifact \(written) can't be kept")
                }
            }
            for names in Self.directories(above: paths) { try target.directory(names).flush() }
            for directory in [target, own, tasks] { try directory.flush() }
            return Kept(shelf: shelf, artifacts: artifacts, earlier: earlier)
        } catch {
            own.remove(shelf)
            throw error
        }
    }

    /// The file that names a task's store.
    private static let mark = ".store"

    /// Names a task's store, once. What can't be named stays until its task ends.
    private static func mark(_ own: HeldDirectory, with store: String) {
        let file = openat(own.descriptor, mark, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = Array(store.utf8)
        _ = write(file, bytes, bytes.count)
    }

    /// Whether a task's directory says that its task is one of a store.
    static func isMarked(_ own: HeldDirectory, with store: String) -> Bool {
        (try? own.content(mark, limit: 4096)) == Array(store.utf8)
    }

    /// The directories that were made for artifacts, each after those in it.
    static func directories(above paths: [[String]]) -> [[String]] {
        let all = Set(paths.flatMap { path in (1..<max(1, path.count)).map { Array(path.prefix($0)) } })
        return all.sorted { ($1.count, $0.joined(separator: "/")) < ($0.count, $1.joined(separator: "/")) }
    }

    private func copy(
        _ path: [String], _ written: String, from source: HeldDirectory, to target: HeldDirectory,
        _ isOver: @escaping @Sendable () -> Bool
    ) throws(FileProblem) -> CheckpointArtifact {
        guard let last = path.last else { throw FileProblem("it has no name") }
        let place: HeldDirectory
        do throws(FileProblem) {
            place = try source.parent(of: path)
        } catch {
            throw error.code == ENOENT ? FileProblem("it is not there") : error
        }
        guard let found = try Artifact.look(at: last, in: place) else { throw FileProblem("it is not there") }
        guard !found.isEmpty else {
            throw FileProblem(found.kind == .file ? "it is an empty file" : "it is a directory without a file")
        }
        let parent = try target.parent(of: path, creating: true)
        try ArtifactCopy(isOver: isOver).copy(last, from: place, to: parent, as: last)
        try Artifact.settle(last, in: parent)
        // What was copied counts: the task may have gone on writing.
        guard let copy = try Artifact.look(at: last, in: parent), !copy.isEmpty else {
            throw FileProblem("it was emptied while it was copied")
        }
        return CheckpointArtifact(copy, path: written)
    }

    /// Why artifacts can't be used, in words; `nil` when all are there and whole.
    func mistake(in artifacts: [CheckpointArtifact], shelf: String, of task: TaskID) -> String? {
        guard let place = try? HeldDirectory.open(root).directory(task.rawValue).directory(shelf) else {
            return "its artifacts are not here"
        }
        for artifact in artifacts {
            let path = artifact.names
            guard let last = path.last, let parent = try? place.parent(of: path),
                let found = try? Artifact.look(at: last, in: parent)
            else { return "its artifact \(artifact.path) is gone" }
            let now = CheckpointArtifact(found, path: artifact.path)
            if now != artifact { return "its artifact \(artifact.path) is not what it was" }
        }
        return nil
    }

    /// Copies artifacts to where a task finds its outputs, and gives them to who owns that directory.
    func restore(
        _ artifacts: [CheckpointArtifact], shelf: String, of task: TaskID, to outputs: String,
        isOver: @escaping @Sendable () -> Bool
    ) throws(FileProblem) {
        let source = try HeldDirectory.open(root).directory(task.rawValue).directory(shelf)
        let target = try HeldDirectory.open(outputs)
        for artifact in artifacts {
            let path = artifact.names
            guard let first = path.first, let last = path.last else { continue }
            let (from, to) = (try source.parent(of: path), try target.parent(of: path, creating: true))
            try ArtifactCopy(isOver: isOver).copy(last, from: from, to: to, as: last)
            try Ownership(of: target).give(first, in: target)
        }
    }

    /// Removes directories of a task by name: others may be those of a supervisor that has taken the task over.
    func remove(_ names: [String], of task: TaskID) {
        guard let own = try? HeldDirectory.open(root).directory(task.rawValue) else { return }
        for name in names { own.remove(name) }
    }

    /// Removes everything of a task that is forgotten.
    package func forget(_ task: TaskID) { (try? HeldDirectory.open(root))?.remove(task.rawValue) }

    /// The tasks that have artifacts here.
    var tasks: [TaskID] {
        guard let names = try? HeldDirectory.open(root).names() else { return [] }
        return names.filter { UUID(uuidString: $0) != nil }.map(TaskID.init(rawValue:))
    }

    private func open() throws(FileProblem) -> HeldDirectory {
        do throws(FileProblem) {
            return try HeldDirectory.open(root)
        } catch {
            guard error.code == ENOENT else { throw error }
        }
        var made: [String] = []
        var path = root
        while path.count > 1, access(path, F_OK) != 0 {
            made.append(path)
            path = (path as NSString).deletingLastPathComponent
        }
        try? FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let opened = try HeldDirectory.open(root)
        for path in made { try HeldDirectory.open((path as NSString).deletingLastPathComponent).flush() }
        return opened
    }
}

extension CheckpointArtifact {
    fileprivate init(_ artifact: Artifact, path: String) {
        self.init(path: path, isDirectory: artifact.kind == .directory, bytes: artifact.bytes, files: artifact.files)
    }

    fileprivate var names: [String] { path.split(separator: "/").map(String.init) }
}

/// Who owns a directory, for what is put into it.
private struct Ownership {
    let user: UInt32
    let group: UInt32
    let isOpenToAll: Bool

    init(of directory: HeldDirectory) {
        let status = directory.status(".")
        user = status?.owner ?? geteuid()
        group = status?.group ?? getegid()
        isOpenToAll = (status?.mode ?? 0) & 0o007 == 0o007
    }

    /// Gives an entry and all that is in it.
    func give(_ name: String, in directory: HeldDirectory) throws(FileProblem) {
        guard let status = directory.status(name) else { return }
        fchownat(directory.descriptor, name, user, group, AT_SYMLINK_NOFOLLOW)
        if status.kind == .link { return }
        // Where the directory is everybody's because it could not be given to its user, so is what is in it.
        if isOpenToAll {
            let bits: UInt32 = status.kind == .directory || status.mode & 0o100 != 0 ? 0o777 : 0o666
            fchmodat(directory.descriptor, name, status.mode | bits, 0)
        }
        guard status.kind == .directory else { return }
        let inner = try directory.directory(name)
        for entry in try inner.names() { try give(entry, in: inner) }
    }
}
