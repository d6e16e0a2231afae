import Glibc

/// Kills what an attempt leaves behind: everything that descends from the agent.
///
/// A round looks at `/proc` and kills what it sees; a process that forked meanwhile is seen by the next round. As PID 1
/// it takes to `kill(-1)` when rounds don't get ahead of the forks; not at first, because that also hits processes that
/// somebody else started in the container, such as its health check.
struct LeftoverKiller {
    /// After how long it is given up.
    static let patience = Nanos.seconds(10)
    private static let roundsByTree = 8
    private static let longestPause = Nanos.milliseconds(50)

    private(set) var killed: Set<pid_t> = []
    private(set) var nextRound: Nanos
    private let deadline: Nanos
    private var pause = Nanos.milliseconds(1)
    private var rounds = 0

    /// Starts at `now`.
    init(now: Nanos) {
        nextRound = now
        deadline = now + Self.patience
    }

    /// Whether something outlives even SIGKILL (uninterruptible, or another user's).
    func isHopeless(now: Nanos) -> Bool { now >= deadline }

    /// Does a round if it is time for one.
    mutating func act(now: Nanos) {
        guard now >= nextRound else { return }
        rounds += 1
        nextRound = now + pause
        pause = min(pause * 2, Self.longestPause)
        let own = getpid()
        let tree = ProcessTree.current()
        for pid in tree.descendants(of: own) where kill(pid, SIGKILL) == 0 && !tree.zombies.contains(pid) {
            killed.insert(pid)
        }
        if own == 1, rounds > Self.roundsByTree { kill(-1, SIGKILL) }
    }
}
