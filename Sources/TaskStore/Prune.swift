package import TaskModel

/// Which tasks that have ended are to be forgotten: those that one of the rules lets go.
package struct PruneRule: Sendable, Equatable {
    /// Of which states; those that are not terminal never go.
    package var states: Set<TaskState>
    /// How long ago a task must have ended at least; `nil` lets none go for its age.
    package var minAge: Duration?
    /// How many may go whatever their age, the first submitted first.
    package var surplus: Int

    /// Makes a rule.
    package init(_ states: Set<TaskState>, minAge: Duration?, surplus: Int = 0) {
        self.states = states
        self.minAge = minAge
        self.surplus = surplus
    }
}

extension [PruneRule] {
    /// Notes that tasks in these states are gone: one that was too old is also one too many less.
    package mutating func count(_ states: [TaskState]) {
        for index in indices where self[index].surplus > 0 {
            self[index].surplus -= Swift.min(self[index].surplus, states.count { self[index].states.contains($0) })
        }
    }
}

/// Where a look over all tasks goes on.
package struct PruneCursor: Sendable, Equatable {
    let rawValue: String

    init(_ rawValue: String) { self.rawValue = rawValue }
}

/// What was found among the next tasks, in the order of their submission.
package struct PrunePage: Sendable {
    /// Those that were forgotten, or would be.
    package var pruned: [(id: TaskID, state: TaskState)] = []
    /// Where to go on; `nil` when nothing that may go comes after it.
    package var next: PruneCursor?
}

/// How many tasks one page looks at, so that no transaction takes longer than milliseconds.
let prunedAtOnce = 250

/// A task as far as pruning it goes.
struct PruneCandidate: Sendable, Equatable {
    var id: TaskID
    var state: TaskState
    /// Milliseconds since 1970, as all times here.
    var createdAt: Int64
    /// When it ended.
    var finishedAt: Int64?
    /// Until when its unique key keeps others out although it has ended.
    var keepsOutUntil: Int64?
}

/// Decides what of a page of tasks may go. Pure, and the same for every kind of store.
struct PruneChoice {
    private var rules: [PruneRule]
    private let now: Int64

    init(_ rules: [PruneRule], now: Int64) {
        (self.rules, self.now) = (rules, now)
    }

    /// Whether a task goes; to be asked once for each, in order, because it may be one of those there are too many of.
    mutating func takes(_ task: PruneCandidate) -> Bool {
        guard task.state.isTerminal, let finishedAt = task.finishedAt else { return false }
        if let until = task.keepsOutUntil, until > now { return false }
        let goes = rules.contains { rule in
            guard rule.states.contains(task.state) else { return false }
            return rule.surplus > 0 || rule.minAge.map { now - finishedAt >= StoredTime.milliseconds($0) } ?? false
        }
        if goes { rules.count([task.state]) }
        return goes
    }

    /// Whether tasks that were submitted after these may go, too: what was not even submitted so long ago has not ended
    /// then either. `time` is that by which tasks come in order, or an earlier one.
    func mayGoOn(
        after page: [PruneCandidate], orderedBy time: (PruneCandidate) -> Int64 = { $0.createdAt }
    ) -> Bool {
        if rules.contains(where: { $0.surplus > 0 }) { return true }
        guard let least = rules.compactMap(\.minAge).min() else { return false }
        let latest = now - StoredTime.milliseconds(least)
        return page.contains { time($0) <= latest }
    }
}
