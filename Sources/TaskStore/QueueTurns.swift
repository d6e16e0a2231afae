/// When it is the turn of which queue: the n-th task that a claim takes of a queue, from 1, stands at `start + n * step`, and
/// those that stand first are taken, within a queue the best first.
package struct QueueTurns: Sendable, Equatable {
    /// Of one queue.
    package struct Turn: Sendable, Equatable {
        /// Where the last task stood that was taken of it.
        package var start: Double
        /// How far apart its tasks stand; the smaller, the more of them are taken.
        package var step: Double

        /// How many of its tasks may be taken; `nil` is any number.
        package var most: Int?

        /// Makes a turn.
        package init(start: Double, step: Double, most: Int? = nil) {
            self.start = start
            self.step = step
            self.most = most
        }

        /// Where the n-th task from now stands.
        func place(_ number: Int) -> Double { start + Double(number) * step }
    }

    /// By name.
    package var named: [String: Turn]
    /// Of queues that have no name here.
    package var others: Turn

    /// Limits some queues, and leaves it to priority and age which of all tasks come first; `nil` when there are no limits.
    package init?(limits: [String: Int]) {
        guard !limits.isEmpty else { return nil }
        named = limits.mapValues { Turn(start: 0, step: 0, most: $0) }
        others = Turn(start: 0, step: 0)
    }

    /// The same with limits.
    package func limited(by limits: [String: Int]) -> QueueTurns {
        var turns = self
        for (queue, most) in limits {
            turns.named[queue] = Turn(start: self[queue].start, step: self[queue].step, most: most)
        }
        return turns
    }

    /// Makes turns.
    package init(named: [String: Turn], others: Turn) {
        self.named = named
        self.others = others
    }

    subscript(queue: String) -> Turn { named[queue] ?? others }
}

/// Takes from queues in proportion to their weights, evenly mixed, however few tasks each claim takes. Pure.
///
/// A queue that had nothing, or might not run more, gets its share from when it has something again, and nothing in return
/// for the time before. None starves: each has its turn after at most as many tasks as all weights together are of its own.
package struct QueueWeights: Sendable, Equatable {
    private let weights: [String: Int]
    /// Of each queue that was taken from, relative to where the last task stood that was taken of any.
    private var starts: [String: Double] = [:]

    /// Weighs queues; those without a weight count as 1. `nil` when there are no weights.
    package init?(_ weights: [String: Int]) {
        guard !weights.isEmpty else { return nil }
        self.weights = weights
    }

    /// Whose turn it is.
    package var turns: QueueTurns {
        var named: [String: QueueTurns.Turn] = [:]
        for queue in Set(weights.keys).union(starts.keys) {
            named[queue] = QueueTurns.Turn(start: start(of: queue), step: step(of: queue))
        }
        return QueueTurns(named: named, others: QueueTurns.Turn(start: -1, step: 1))
    }

    /// Notes that a task of each of these queues was taken, in this order, as `turns` said.
    package mutating func took(_ queues: [String]) {
        guard !queues.isEmpty else { return }
        var now = -Double.infinity
        for queue in queues {
            let place = start(of: queue) + step(of: queue)
            starts[queue] = place
            now = max(now, place)
        }
        for (queue, start) in starts {
            // Whoever stood before that and was not taken had nothing to take.
            let moved = max(start - now, -step(of: queue))
            // One that is forgotten stands where a new one does.
            starts[queue] = moved > -step(of: queue) ? moved : nil
        }
    }

    private func start(of queue: String) -> Double { starts[queue] ?? -step(of: queue) }

    private func step(of queue: String) -> Double { 1 / Double(max(1, weights[queue] ?? 1)) }
}
