internal import TaskModel

/// How the number of tasks in each state of each queue changes in one transaction. Folded into `queue_count` once,
/// before the commit.
struct CountDeltas: Equatable {
    /// What is counted together.
    struct Key: Hashable {
        let queue: String
        let state: TaskState
    }

    private(set) var changes: [Key: Int] = [:]

    /// A task of `queue` went from one state to another; `nil` is where new tasks come from and where those go that are
    /// forgotten.
    mutating func move(queue: String, from: TaskState?, to: TaskState?) {
        guard from != to else { return }
        if let from { changes[Key(queue: queue, state: from), default: 0] -= 1 }
        if let to { changes[Key(queue: queue, state: to), default: 0] += 1 }
    }
}
