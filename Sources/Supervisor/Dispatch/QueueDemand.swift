internal import TaskModel
internal import TaskStore

/// What the queues of a supervisor have for it, as far as people let it have that. Pure.
struct QueueDemand: Equatable {
    /// The queues to ask about; empty means all.
    let queues: [String]
    /// Whether anything may be claimed at all.
    let isOpen: Bool
    private let lines: [Line]

    /// A queue that is not paused.
    private struct Line: Equatable {
        let queue: String
        /// Tasks that are due.
        let waiting: Int
        /// How many more may run.
        let room: Int
    }

    /// - Parameter served: the queues of the supervisor; empty means all.
    init(counts: [QueueCount], controls: [QueueControl], served: Set<String>) {
        let controls = Dictionary(controls.map { ($0.queue, $0) }) { first, _ in first }
        let known = served.isEmpty ? Set(counts.map(\.queue)) : served
        let open = known.filter { controls[$0]?.pause == nil }
        // Without a pause the store need not be told all names.
        queues = open.count == known.count ? served.sorted() : open.sorted()
        isOpen = !open.isEmpty || known.isEmpty
        func count(_ queue: String, _ state: TaskState) -> Int {
            counts.reduce(0) { $0 + ($1.queue == queue && $1.state == state ? $1.count : 0) }
        }
        lines = open.sorted().map { queue in
            Line(
                queue: queue, waiting: count(queue, .enqueued),
                room: controls[queue]?.maxRunning.map { max(0, $0 - count(queue, .inProgress)) } ?? .max)
        }
    }

    /// The queues from which anything may be claimed, which are the ones to ask for whom that is.
    var worthALook: [String] { lines.filter { $0.waiting > 0 && $0.room > 0 }.map(\.queue) }

    /// Tasks that are due and may be claimed; where some are for others, `ours` says how many of each queue are not.
    func claimable(of ours: [String: Int]? = nil) -> Int {
        lines.reduce(0) { sum, line in
            let waiting = if let ours { ours[line.queue] ?? 0 } else { line.waiting }
            return sum + min(waiting, line.room)
        }
    }
}
