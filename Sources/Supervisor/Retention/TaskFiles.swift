internal import Foundation
internal import Glibc
package import TaskModel

/// What a state directory holds of tasks: a directory of each task's own below `logs`, `outputs`, `scratch` and
/// `checkpoints`. All calls block.
package struct TaskFiles: Sendable {
    /// A kind of directory.
    package enum Kind: String, Sendable, CaseIterable {
        case logs
        case outputs
        case scratch
        /// The artifacts of checkpoints, where the configuration names no other place.
        case checkpoints
    }

    /// One task's directory of a kind.
    struct Entry: Sendable, Equatable {
        var kind: Kind
        var task: TaskID
        /// When something in it was written last; files in directories in it are not looked at.
        var writtenAt: Date
    }

    private let roots: [Kind: String]

    /// Those of a state directory; outputs only where they go with their task.
    package init(layout: StateLayout, keepsOutputs: Bool) {
        var roots = [Kind.logs: layout.logs, .scratch: layout.scratch, .checkpoints: layout.checkpoints]
        if !keepsOutputs { roots[.outputs] = layout.outputs }
        self.roots = roots
    }

    /// Removes what is here of tasks, and returns how many directories of each kind were there.
    package func remove(_ tasks: [TaskID]) -> [Kind: Int] {
        var removed: [Kind: Int] = [:]
        for (kind, path) in roots {
            guard let root = try? HeldDirectory.open(path) else { continue }
            for task in tasks where remove(task, from: root) { removed[kind, default: 0] += 1 }
        }
        return removed
    }

    /// Removes one directory, and says whether it was there and is gone.
    func remove(_ entry: Entry) -> Bool {
        guard let path = roots[entry.kind], let root = try? HeldDirectory.open(path) else { return false }
        return remove(entry.task, from: root)
    }

    private func remove(_ task: TaskID, from root: HeldDirectory) -> Bool {
        guard Self.isName(task.rawValue), root.status(task.rawValue) != nil else { return false }
        root.remove(task.rawValue)
        return root.status(task.rawValue) == nil
    }

    /// All there are. What is not named like a task is nobody's to remove.
    func entries() -> [Entry] {
        Kind.allCases.flatMap { kind -> [Entry] in
            guard let path = roots[kind], let root = try? HeldDirectory.open(path) else { return [] }
            return ((try? root.names()) ?? []).compactMap { name in
                guard Self.isName(name), let status = root.status(name), status.kind == .directory else { return nil }
                var latest = status.modified
                if let inner = try? root.directory(name) {
                    for file in (try? inner.names()) ?? [] { latest = max(latest, inner.status(file)?.modified ?? 0) }
                }
                return Entry(
                    kind: kind, task: TaskID(rawValue: name),
                    writtenAt: Date(timeIntervalSince1970: Double(latest) / 1e9))
            }
        }
    }

    /// Whether a name is that of a task: 36 characters of a UUID in lower case.
    private static func isName(_ name: String) -> Bool {
        name.utf8.count == 36 && UUID(uuidString: name)?.uuidString.lowercased() == name
    }
}
