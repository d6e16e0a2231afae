/// Decides when to announce that tasks wait in queues: with the first in a while at once, and the rest together when the
/// while is over. A word to everybody in each transaction would make all transactions wait for each other.
struct AnnouncementWindow: Sendable {
    /// The shortest time between two words about one queue.
    static let length = Duration.milliseconds(10)
    /// Queues that are remembered; with more, old ones are forgotten, which costs a word too many.
    static let capacity = 1024

    private var announced: [String: ContinuousClock.Instant] = [:]
    private var later: Set<String> = []
    private var isAwaited = false

    /// Queues that are remembered.
    var remembered: Int { announced.count }

    /// What to do about queues that got tasks.
    struct Plan: Equatable {
        /// Those to announce now, in the transaction that brought the tasks.
        var now: [String] = []
        /// Those to put off once the tasks are there, so that no word comes before what it is about.
        var later: Set<String> = []
    }

    /// Queues get tasks at this time.
    mutating func plan(_ queues: Set<String>, at time: ContinuousClock.Instant) -> Plan {
        var plan = Plan()
        for queue in queues.sorted() {
            if let last = announced[queue], time < last + Self.length {
                plan.later.insert(queue)
            } else {
                announced[queue] = time
                plan.now.append(queue)
            }
        }
        if announced.count > Self.capacity { announced = announced.filter { time < $0.value + Self.length } }
        return plan
    }

    /// Leaves queues for later. Returns whether somebody has to come back after `length`, because nobody was asked to yet.
    mutating func putOff(_ queues: Set<String>) -> Bool {
        guard !queues.isEmpty else { return false }
        later.formUnion(queues)
        defer { isAwaited = true }
        return !isAwaited
    }

    /// Whether whoever came back has to come again.
    mutating func goesOn() -> Bool {
        isAwaited = !later.isEmpty
        return isAwaited
    }

    /// What was left, to be announced now.
    mutating func rest(at time: ContinuousClock.Instant) -> [String] {
        defer { later = [] }
        for queue in later { announced[queue] = time }
        return later.sorted()
    }
}
