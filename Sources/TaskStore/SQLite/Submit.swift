internal import Foundation
internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func submit(_ specs: [TaskSpec]) async throws(StoreError) -> [QueuedTask] {
        guard !specs.isEmpty else { return [] }
        var drafts: [TaskDraft] = []
        drafts.reserveCapacity(specs.count)
        for spec in specs { drafts.append(try TaskDraft(spec)) }
        let ready = drafts
        let now = try await writer.perform("submit") { scope in
            for draft in ready { try scope.insert(draft) }
            return scope.now
        }
        return drafts.map { $0.task(at: now) }
    }
}

/// A task about to be stored, encoded before the writer sees it.
private struct TaskDraft: Sendable {
    let id = TaskID.next()
    let spec: TaskSpec
    let json: String

    init(_ spec: TaskSpec) throws(StoreError) {
        self.spec = spec
        json = try SpecCoding.encode(spec, operation: "submit")
    }

    /// The task as it reads when stored at `now`: times in whole milliseconds.
    func task(at now: Int64) -> QueuedTask {
        var task = QueuedTask(id: id, spec: spec, createdAt: StoredTime.date(now))
        task.runAt = StoredTime.date(StoredTime.add(StoredTime.milliseconds(seconds: max(0, spec.delay)), to: now))
        return task
    }
}

extension WriteScope {
    fileprivate func insert(_ draft: TaskDraft) throws {
        let task = draft.task(at: now)
        let queue = StoredText.clean(draft.spec.queue)
        try run("INSERT INTO task (id, created_at, spec) VALUES (?, ?, ?)", [draft.id.rawValue, now, draft.json])
        let seq = db.lastInsertedRowID
        try run(
            """
            INSERT INTO task_state (seq, queue, container, priority, state, run_at, image) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                seq, queue, draft.spec.isolation == .container, draft.spec.priority, task.state.rawValue,
                StoredTime.milliseconds(task.runAt), StoredText.clean(draft.spec.image),
            ])
        counts.move(queue: queue, from: nil, to: task.state)
        try note(.submitted, "submitted to queue \(queue)", task: seq, attempt: 0)
    }
}
