internal import TaskModel

/// How the number of tasks in each state of each queue changes in one transaction. Folded into `queue_count` once,
/// before the commit.
struct CountDeltas {
    /// What is counted together.
    struct Key: Hashable {
        let queue: String
        let state: TaskState
    }

    /// A change that many tasks of one batch share.
    private struct Move: Equatable {
        let queue: String
        let from: TaskState?
        let to: TaskState?

        func changes(_ times: Int) -> [(key: Key, change: Int)] {
            var changes: [(key: Key, change: Int)] = []
            changes.reserveCapacity(2)
            if let from { changes.append((Key(queue: queue, state: from), -times)) }
            if let to { changes.append((Key(queue: queue, state: to), times)) }
            return changes
        }
    }

    private var folded: [Key: Int] = [:]
    private var last: (move: Move, times: Int)?

    /// What has changed, each key once. Most transactions have one kind of move, for which a table would cost more than its
    /// two entries are worth.
    var changes: [(key: Key, change: Int)] {
        guard let last else { return [] }
        if folded.isEmpty { return last.move.changes(last.times) }
        var changes = folded
        Self.fold(last.move, last.times, into: &changes)
        return changes.map { ($0.key, $0.value) }
    }

    /// How the number of one kind has changed.
    func change(of key: Key) -> Int { changes.first { $0.key == key }?.change ?? 0 }

    /// A task of `queue` went from one state to another; `nil` is where new tasks come from and where those go that are
    /// forgotten.
    mutating func move(queue: String, from: TaskState?, to: TaskState?) {
        guard from != to else { return }
        let move = Move(queue: queue, from: from, to: to)
        if let last, last.move == move {
            self.last = (move, last.times + 1)
        } else {
            if let last { Self.fold(last.move, last.times, into: &folded) }
            last = (move, 1)
        }
    }

    private static func fold(_ move: Move, _ times: Int, into changes: inout [Key: Int]) {
        for (key, change) in move.changes(times) { changes[key, default: 0] += change }
    }
}
