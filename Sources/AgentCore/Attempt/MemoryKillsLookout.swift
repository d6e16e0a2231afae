import AgentProtocol

/// Looks out for kills for memory that the agent outlives, so that a supervisor does not take one of them for the
/// container's end. The kernel tells nobody by itself where the cgroup's files can only be read.
struct MemoryKillsLookout {
    /// A look costs about 10 µs, and a task's output may wake the agent at any pace.
    static let pause: Nanos = .milliseconds(10)

    private let before: Int
    private var count: Int
    /// What was told on the present connection.
    private var told: Int
    private var lastLook: Nanos
    /// When it wants to look, because it was woken too soon; nil while nothing has happened.
    private(set) var nextLook: Nanos?

    /// Begins with the cgroup's count when the attempt began.
    init(before: Int, now: Nanos) {
        self.before = before
        (count, told) = (before, before)
        lastLook = now
    }

    /// Looks, unless it has just looked: then it wants to be called again.
    mutating func look(now: Nanos, count read: () -> Int?) {
        let due = lastLook + Self.pause
        guard now >= due else {
            nextLook = due
            return
        }
        (lastLook, nextLook) = (now, nil)
        count = max(count, read() ?? 0)
    }

    /// What the supervisor that said `welcome` does not know yet, if it wants to know.
    mutating func news(for welcome: Welcome?) -> MemoryKillsOutlived? {
        guard welcome?.takesMemoryKills == true, count > told else { return nil }
        told = count
        return MemoryKillsOutlived(count: count)
    }

    /// Tells everything again, on a new connection.
    mutating func rewind() { told = before }
}
