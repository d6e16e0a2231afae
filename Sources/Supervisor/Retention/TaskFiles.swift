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
        /// The artifacts of checkpoints.
        case checkpoints
    }

    /// One task's directory of a kind.
    struct Entry: Sendable, Equatable {
        var kind: Kind
        var task: TaskID
        /// Whether it is where the configuration lets artifacts be, outside the state directory.
        var isElsewhere = false
    }

    private let roots: [Kind: String]
    /// Where the configuration lets artifacts of checkpoints be, and perhaps those of tasks of other stores.
    private let shelf: CheckpointShelf?

    /// Those of a state directory; outputs only where they go with their task. What is in `shelf` goes with tasks that are
    /// named, and is looked through only for what names its store.
    package init(layout: StateLayout, keepsOutputs: Bool, shelf: CheckpointShelf? = nil) {
        self.shelf = shelf?.root == layout.checkpoints ? nil : shelf
        var roots = [Kind.logs: layout.logs, .scratch: layout.scratch, .checkpoints: layout.checkpoints]
        if !keepsOutputs { roots[.outputs] = layout.outputs }
        self.roots = roots
    }

    /// Removes what is here of tasks, and returns how many directories of each kind were there.
    package func remove(_ tasks: [TaskID]) -> [Kind: Int] {
        var removed: [Kind: Int] = [:]
        for (kind, path) in roots.map({ ($0, $1) }) + (shelf.map { [(Kind.checkpoints, $0.root)] } ?? []) {
            guard let root = try? HeldDirectory.open(path) else { continue }
            for task in tasks where remove(task, from: root) { removed[kind, default: 0] += 1 }
        }
        return removed
    }

    /// Removes one directory, and says whether it was there and is gone.
    func remove(_ entry: Entry) -> Bool {
        guard let path = entry.isElsewhere ? shelf?.root : roots[entry.kind], let root = try? HeldDirectory.open(path)
        else { return false }
        return remove(entry.task, from: root)
    }

    private func remove(_ task: TaskID, from root: HeldDirectory) -> Bool {
        guard Self.isName(task.rawValue), root.status(task.rawValue) != nil else { return false }
        root.remove(task.rawValue)
        return root.status(task.rawValue) == nil
    }

    /// Those of tasks submitted before `latest` that were not written since either. There may be a directory for each of a
    /// million tasks, so that most are passed over by their names alone. What is not named like a task is nobody's to remove,
    /// and elsewhere than in the state directory what does not name `store`.
    func entries(before latest: Date, of store: String) -> [Entry] {
        let own = Kind.allCases.flatMap { kind in
            old(in: roots[kind], before: latest).map { Entry(kind: kind, task: $0) }
        }
        let elsewhere = old(in: shelf?.root, before: latest) { CheckpointShelf.isMarked($0, with: store) }
        return own + elsewhere.map { Entry(kind: .checkpoints, task: $0, isElsewhere: true) }
    }

    private func old(
        in path: String?, before latest: Date, where isOurs: (HeldDirectory) -> Bool = { _ in true }
    ) -> [TaskID] {
        guard let path, let root = try? HeldDirectory.open(path) else { return [] }
        let names = try? root.names { name in
            Self.isName(name) && Self.submitted(name).map { $0 < latest } ?? false
        }
        return (names ?? []).compactMap { name in
            guard let status = root.status(name), status.kind == .directory,
                let inner = try? root.directory(name), isOurs(inner)
            else { return nil }
            var written = status.modified
            for file in (try? inner.names()) ?? [] { written = max(written, inner.status(file)?.modified ?? 0) }
            guard Double(written) / 1e9 <= latest.timeIntervalSince1970 else { return nil }
            return TaskID(rawValue: name)
        }
    }

    /// When a task was submitted, by its id: a UUID of version 7 begins with milliseconds since 1970.
    private static func submitted(_ name: String) -> Date? {
        Int64(name.filter { $0 != "-" }.prefix(12), radix: 16).map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }

    /// Whether a name is that of a task: 36 characters of a UUID in lower case.
    private static func isName(_ name: String) -> Bool {
        name.utf8.count == 36 && UUID(uuidString: name)?.uuidString.lowercased() == name
    }
}
