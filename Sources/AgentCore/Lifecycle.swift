import AgentProtocol

/// When the agent takes work, when it kills it, and when it leaves. Pure.
///
/// States: *serving* → *draining* (no more work) → *terminating* (the task has been asked to stop) → *leaving* (the task
/// has been killed, or is over). Each may be skipped, none is gone back to.
struct Lifecycle {
    /// What the agent has in hand.
    enum Work {
        case none
        /// A task that is not over.
        case running
        /// An exit that no supervisor has acknowledged.
        case unacknowledged
    }

    /// What the agent has to do.
    enum Action: Equatable {
        case askTask
        case killTask
        case exit
    }

    private enum State: Equatable {
        case serving
        case draining
        case terminating(killAt: Nanos)
        case leaving(by: Nanos, reporting: Bool)
    }

    /// How long the last exit waits for its acknowledgement.
    static let reportTime = Nanos.seconds(1)
    /// How long a killed task may take to be over.
    static let killTime = Nanos.seconds(15)

    private var state = State.serving

    /// Whether a new task may be started.
    var acceptsWork: Bool { state == .serving }

    /// When `tick` has to be called though nothing happened.
    var deadline: Nanos? {
        switch state {
        case .serving, .draining: nil
        case .terminating(let instant), .leaving(let instant, _): instant
        }
    }

    /// Finish what is there and leave.
    mutating func drain() {
        if state == .serving { state = .draining }
    }

    /// Stop what is there and leave; asked a second time, without any grace.
    mutating func terminate(now: Nanos, grace: Nanos) -> Action? {
        switch state {
        case .serving, .draining:
            state = .terminating(killAt: now + grace)
            return .askTask
        case .terminating: return kill(now: now)
        case .leaving: return nil
        }
    }

    /// Kill what is there and leave.
    mutating func kill(now: Nanos) -> Action? {
        if case .leaving = state { return nil }
        state = .leaving(by: now + Self.killTime, reporting: false)
        return .killTask
    }

    /// Lets time and work go on.
    mutating func tick(now: Nanos, work: Work) -> Action? {
        if state == .serving { return nil }
        if work == .none { return .exit }
        switch (state, work) {
        case (.terminating, .unacknowledged), (.leaving(_, false), .unacknowledged):
            state = .leaving(by: now + Self.reportTime, reporting: true)
            return nil
        case (.terminating(let killAt), _) where now >= killAt: return kill(now: now)
        case (.leaving(let instant, _), _) where now >= instant: return .exit
        default: return nil
        }
    }
}
