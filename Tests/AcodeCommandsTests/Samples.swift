import Foundation
import TaskModel

/// Values that several tests begin with.
enum Sample {
    static let created = Date(timeIntervalSince1970: 1_795_000_000)
    static let id = TaskID(rawValue: "0198c5a2-1111-7aaa-8bbb-0123456789ab")

    /// A task, changed by `change`.
    static func task(_ change: (inout QueuedTask) -> Void = { _ in }) -> QueuedTask {
        var task = QueuedTask(id: id, spec: TaskSpec(command: ["make", "test all"]), createdAt: created)
        change(&task)
        return task
    }

    /// A task that ended 3 s after it began.
    static func ended(_ state: TaskState, _ outcome: TaskOutcome?, code: Int?, reason: String? = nil) -> QueuedTask {
        task { task in
            (task.state, task.outcome, task.exitCode, task.reason) = (state, outcome, code, reason)
            task.attempt = 1
            task.startedAt = created + 1
            task.finishedAt = created + 4
        }
    }
}
