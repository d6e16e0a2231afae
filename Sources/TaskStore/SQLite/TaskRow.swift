internal import Foundation
internal import GRDB
internal import TaskModel

/// A task as read from the database, not yet decoded, so that the decoding happens on the caller's side of the writer.
struct TaskRow: Sendable {
    /// What to select, in the order that `init` reads. `t` is `task`, `s` is `task_now`.
    static let columns = """
        t.id, t.spec, t.created_at, s.state, s.run_at, s.attempt, s.failures, s.interruptions, s.cancel_requested, \
        s.progress, s.outcome, s.exit_code, s.reason, s.worker, s.started_at, s.finished_at, s.deliveries, \
        s.checkpoint_phase, s.checkpoint_at
        """

    let id: String
    /// The number of its current or last attempt, and how often it was delivered.
    let attempt: Int
    let deliveries: Int
    private let spec: Data
    private let createdAt: Int64
    private let state: String
    private let runAt: Int64
    private let failures: Int
    private let interruptions: Int
    private let cancelRequested: Bool
    private let progress: Double?
    private let outcome: String?
    private let exitCode: Int?
    private let reason: String?
    private let worker: String?
    private let startedAt: Int64?
    private let finishedAt: Int64?
    private let checkpointPhase: Int?
    private let checkpointAt: Int64?

    init(_ row: Row) {
        id = row[0]
        spec = row[1]
        createdAt = row[2]
        state = row[3]
        runAt = row[4]
        attempt = row[5]
        failures = row[6]
        interruptions = row[7]
        cancelRequested = row[8]
        progress = row[9]
        outcome = row[10]
        exitCode = row[11]
        reason = row[12]
        worker = row[13]
        startedAt = row[14]
        finishedAt = row[15]
        deliveries = row[16]
        checkpointPhase = row[17]
        checkpointAt = row[18]
    }

    /// A task that is being claimed, from `ClaimSQL.task`: as it is when that is done.
    init(claimed statement: RawStatement) {
        id = statement.text(0)
        spec = statement.data(1)
        createdAt = statement.int(2)
        state = TaskState.inProgress.rawValue
        runAt = statement.int(3)
        attempt = Int(statement.int(4)) + 1
        failures = Int(statement.int(5))
        interruptions = Int(statement.int(6))
        cancelRequested = false
        progress = nil
        outcome = statement.optionalText(7)
        exitCode = statement.optionalInt(8).map(Int.init)
        reason = statement.optionalText(9)
        worker = nil
        startedAt = nil
        finishedAt = nil
        deliveries = Int(statement.int(10)) + 1
        checkpointPhase = statement.optionalInt(11).map(Int.init)
        checkpointAt = statement.optionalInt(12)
    }

    /// The task. Throws `corrupt` when the stored words aren't ours.
    func task(_ operation: String) throws(StoreError) -> QueuedTask {
        guard let spec = try? SpecCoding.decode(spec) else { throw unreadable(operation) }
        return try task(of: spec, operation)
    }

    /// The task even if nobody can tell what it was to run: that is why it is a dead letter, and people must find it.
    func letter(_ operation: String) throws(StoreError) -> QueuedTask {
        try task(of: (try? SpecCoding.decode(spec)) ?? TaskSpec(name: "(unreadable)", command: []), operation)
    }

    private func unreadable(_ operation: String) -> StoreError {
        StoreError(.corrupt, "task \(id) can't be read", operation: operation)
    }

    private func task(of spec: TaskSpec, _ operation: String) throws(StoreError) -> QueuedTask {
        guard let state = TaskState(rawValue: state) else { throw unreadable(operation) }
        var task = QueuedTask(id: TaskID(rawValue: id), spec: spec, createdAt: StoredTime.date(createdAt))
        task.state = state
        task.runAt = StoredTime.date(runAt)
        task.attempt = attempt
        task.deliveries = deliveries
        task.failures = failures
        task.interruptions = interruptions
        task.cancelRequested = cancelRequested
        task.progress = progress
        task.checkpoint = checkpointPhase.map {
            CheckpointMark(phase: $0, updatedAt: StoredTime.date(checkpointAt ?? createdAt))
        }
        task.outcome = outcome.flatMap(TaskOutcome.init(rawValue:))
        task.exitCode = exitCode
        task.reason = reason
        task.worker = worker.map(WorkerID.init(rawValue:))
        task.startedAt = startedAt.map(StoredTime.date)
        task.finishedAt = finishedAt.map(StoredTime.date)
        return task
    }
}
