internal import Foundation
internal import GRDB
package import TaskModel

extension SQLiteTaskStore {
    package func accept(_ specs: [TaskSpec]) async throws(StoreError) -> [Submission] {
        guard !specs.isEmpty else { return [] }
        var drafts: [TaskDraft] = []
        drafts.reserveCapacity(specs.count)
        for spec in specs { drafts.append(try TaskDraft(spec)) }
        let ready = drafts
        let (now, holders) = try await writer.perform("submit") { scope in
            var accepting = try Accepting(scope)
            return (scope.now, try ready.map { try accepting.accept($0) })
        }
        var submissions: [Submission] = []
        submissions.reserveCapacity(drafts.count)
        for (draft, holder) in zip(drafts, holders) {
            let task = if let holder { try holder.task("submit") } else { draft.task(at: now) }
            submissions.append(Submission(task: task, isNew: holder == nil))
        }
        return submissions
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

    /// When it expires if it is stored at `now`.
    func expireAt(_ now: Int64) -> Int64? {
        spec.ttl.map { StoredTime.add(StoredTime.milliseconds(seconds: max(0, $0)), to: now) }
    }
}

/// Stores tasks for one submission.
private struct Accepting {
    private let scope: WriteScope
    private var task: RawStatement
    private var standing: RawStatement
    private var ready: RawStatement

    init(_ scope: WriteScope) throws {
        self.scope = scope
        task = try scope.raw(SubmitSQL.task)
        standing = try scope.raw(SubmitSQL.state)
        ready = try scope.raw(SubmitSQL.ready)
    }

    /// Stores a task, unless another holds its unique key: then that one is returned.
    mutating func accept(_ draft: TaskDraft) throws -> TaskRow? {
        let queue = StoredText.clean(draft.spec.queue)
        guard let unique = draft.spec.unique else {
            _ = try insert(draft, queue)
            return nil
        }
        let key = StoredText.clean(unique.key)
        // One whose time to begin is over has ended, even if no supervisor was there to say so.
        for row in try scope.all(ExpireSQL.overdueHolder, [queue, key, scope.now]) { _ = try scope.expire(row) }
        if let holder = try holder(of: key, window: unique.window, queue) { return holder }
        let seq = try insert(draft, queue)
        try scope.run(
            "INSERT OR REPLACE INTO unique_claim (queue, key, task_seq) VALUES (?, ?, ?)", [queue, key, seq])
        return nil
    }

    /// The task that holds a key: it has not ended, or was submitted less than `window` seconds ago.
    private func holder(of key: String, window: Double?, _ queue: String) throws -> TaskRow? {
        let row = try scope.first(
            """
            SELECT \(TaskRow.columns) FROM unique_claim u
            JOIN task_now s ON s.seq = u.task_seq JOIN task t ON t.seq = u.task_seq
            WHERE u.queue = ? AND u.key = ?
            """, [queue, key])
        guard let row else { return nil }
        let hasEnded = TaskState(rawValue: row["state"])?.isTerminal ?? false
        let until = StoredTime.add(StoredTime.milliseconds(seconds: max(0, window ?? 0)), to: row["created_at"])
        return hasEnded && until <= scope.now ? nil : TaskRow(row)
    }

    private mutating func insert(_ draft: TaskDraft, _ queue: String) throws -> Int64 {
        let spec = draft.spec
        // Its number is that of its first event, too.
        let seq = try scope.nextSequence()
        task.bind(seq)
        task.bind(draft.id.rawValue)
        task.bind(scope.now)
        task.bind(draft.json)
        task.bind(StoredText.clean(spec.type))
        try task.run()
        let state: TaskState = spec.delay > 0 ? .pending : .enqueued
        let image = StoredText.clean(spec.image)
        standing.bind(seq)
        standing.bind(queue)
        standing.bind(spec.isolation == .container)
        standing.bind(spec.priority)
        standing.bind(state.rawValue)
        standing.bind(StoredTime.add(StoredTime.milliseconds(seconds: max(0, spec.delay)), to: scope.now))
        standing.bind(image)
        standing.bind(draft.expireAt(scope.now))
        standing.bind(spec.timeout.map { StoredTime.milliseconds(seconds: max(0, $0)) })
        try standing.run()
        if state == .enqueued {
            ready.bind(queue)
            ready.bind(spec.isolation == .container)
            ready.bind(image == nil)
            ready.bind(spec.priority)
            ready.bind(seq)
            ready.bind(image)
            ready.bind(draft.expireAt(scope.now))
            try ready.run()
        }
        scope.counts.move(queue: queue, from: nil, to: state)
        return seq
    }
}

/// The statements that store a task.
private enum SubmitSQL {
    static let task = "INSERT INTO task (seq, id, created_at, spec, type) VALUES (?, ?, ?, ?, ?)"
    static let state = """
        INSERT INTO task_state (seq, queue, container, priority, state, run_at, image, expire_at, least_hold)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    static let ready = """
        INSERT INTO ready (queue, container, unnamed, priority, seq, image, expire_at) VALUES (?, ?, ?, ?, ?, ?, ?)
        """
}
