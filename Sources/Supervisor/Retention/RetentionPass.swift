internal import Foundation
package import Settings
package import TaskModel
package import TaskStore
internal import WorkerPool

/// One look for what has to go: tasks in the store, a few at a time, and what this host has of them and of others that are
/// gone. Files are only ever removed by the host that holds them.
package struct RetentionPass: Sendable {
    /// What it came to.
    package struct Report: Sendable, Equatable {
        /// Tasks that were forgotten, or would be, by state.
        package var tasks: [TaskState: Int] = [:]
        /// Directories that were removed here, by kind.
        package var directories: [TaskFiles.Kind: Int] = [:]

        /// Nothing yet.
        package init() {}

        /// Whether nothing had to go.
        package var isEmpty: Bool { tasks.isEmpty && directories.isEmpty }
    }

    private let store: any TaskStore
    private let files: TaskFiles
    /// Only says what would go.
    private let isRehearsal: Bool

    /// Makes a pass; nothing happens before it is told what to do.
    package init(store: any TaskStore, files: TaskFiles, isRehearsal: Bool = false) {
        self.store = store
        self.files = files
        self.isRehearsal = isRehearsal
    }

    /// Forgets what the rules let go. Between two pages others have the store for as long as the last one took. Ends early
    /// when the calling task is cancelled; `report` then has what was done.
    package func prune(_ rules: [PruneRule], _ report: inout Report) async throws {
        var rules = rules
        var cursor: PruneCursor?
        repeat {
            let begin = ContinuousClock.now
            let page = try await store.prune(rules, after: cursor, isRehearsal: isRehearsal)
            rules.count(page.pruned.map(\.state))
            for (_, state) in page.pruned { report.tasks[state, default: 0] += 1 }
            if !isRehearsal, !page.pruned.isEmpty {
                let (files, ids) = (files, page.pruned.map(\.id))
                let removed = try await HostFiles.retention.run("logs of forgotten tasks", atMost: .seconds(3600)) {
                    files.remove(ids)
                }
                report.directories.merge(removed, uniquingKeysWith: +)
            }
            cursor = page.next
            if cursor != nil { try await Task.sleep(for: min(ContinuousClock.now - begin, .seconds(1))) }
        } while cursor != nil
    }

    /// Removes directories of tasks that the store does not know, submitted and written at least `age` ago.
    package func sweep(olderThan age: Duration, _ report: inout Report) async throws {
        let files = files
        // Listed before the store is asked: what is made later belongs to a task it knows.
        let latest = Date(timeIntervalSinceNow: -(age / .seconds(1)))
        let identity = try await store.identity()
        let found = try await HostFiles.retention.run("directories of tasks", atMost: .seconds(3600)) {
            files.entries(before: latest, of: identity)
        }
        let ids = Array(Set(found.map(\.task)))
        var known: Set<TaskID> = []
        for start in stride(from: 0, to: ids.count, by: 500) {
            known.formUnion(try await store.known(Array(ids[start..<min(start + 500, ids.count)])))
        }
        let orphans = found.filter { !known.contains($0.task) }
        guard !orphans.isEmpty else { return }
        let isRehearsal = isRehearsal
        let removed = try await HostFiles.retention.run("directories of forgotten tasks", atMost: .seconds(3600)) {
            orphans.filter { isRehearsal || files.remove($0) }
        }
        for entry in removed { report.directories[entry.kind, default: 0] += 1 }
    }

    /// How long ago directories of tasks that the store does not know must have been written to go; `nil` when they stay.
    /// Blocks for two small files.
    package func orphanAge(_ settings: RetentionSettings, _ layout: StateLayout) async throws -> Duration? {
        let identity = try await store.identity()
        let ledger = StoreLedger(layout)
        let isOnlyStore = try await HostFiles.retention.run("the state directory") { ledger.note(identity) }
        return RetentionRules.orphanAge(settings, isOnlyStore: isOnlyStore)
    }
}
