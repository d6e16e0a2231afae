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
    }

    private var folded: [Key: Int] = [:]
    private var last: (move: Move, times: Int)?

    /// What has changed, each key once. Most transactions have one kind of move, for which a table would cost more than its
    /// two entries are worth.
    var changes: [(key: Key, change: Int)] {
        guard let (move, times) = last else { return [] }
        guard folded.isEmpty else {
            var changes = folded
            Self.fold(move, times, into: &changes)
            return changes.map { ($0.key, $0.value) }
        }
        return [(move.from, -times), (move.to, times)].compactMap { state, change in
            state.map { (Key(queue: move.queue, state: $0), change) }
        }
    }

    /// How the number of one kind has changed.
    func change(of key: Key) -> Int {
        var change = folded[key] ?? 0
        if let (move, times) = last, move.queue == key.queue {
            if move.from == key.state { change -= times }
            if move.to == key.state { change += times }
        }
        return change
    }

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
        if let from = move.from { changes[Key(queue: move.queue, state: from), default: 0] -= times }
        if let to = move.to { changes[Key(queue: move.queue, state: to), default: 0] += times }
    }
}
