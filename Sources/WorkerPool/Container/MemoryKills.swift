/// Which of a cgroup's kills for memory may have been that of the whole container. Pure.
struct MemoryKills: Sendable, Equatable {
    /// The count when the attempt began.
    private var before: Int?
    /// What the agent reported at the attempt's end: kills of single processes, which it outlived.
    private var reported = 0
    /// The largest count that the agent is known to have outlived.
    private var outlived = 0
    /// The largest count seen since: that of the container which the engine made in its place begins anew.
    private var seen: Int?
    /// Whether there were kills that did not end the container.
    private var hadOthers = false

    /// An attempt begins; `nil` where the counter can't be read.
    mutating func begin(count: Int?) {
        (before, reported, seen) = (count, 0, nil)
        outlive(count ?? 0)
    }

    /// The agent outlived so many.
    mutating func report(_ kills: Int) {
        reported += kills
        if kills > 0 { hadOthers = true }
    }

    /// The agent was there when the count was this.
    mutating func outlive(_ count: Int) {
        outlived = max(outlived, count)
        if count > 0 { hadOthers = true }
    }

    /// The counter was read when the agent had hung up.
    mutating func see(count: Int) { seen = max(seen ?? 0, count) }

    /// Whether the kernel killed the container for its memory. `exitCode` is `nil` when the engine has started it again
    /// and tells it no more.
    ///
    /// The counter decides where it could be read in time. The engine's `flag` is of any kill since the container was
    /// made, so that it counts only where there is no counter and no earlier kill is known.
    func explain(exitCode: Int?, flag: Bool) -> Bool {
        guard exitCode == nil || exitCode == 137 else { return false }
        if let seen, seen > max(outlived, (before ?? 0) + reported) { return true }
        // The counter may be that of the new container.
        let isFinal = seen != nil && exitCode != nil
        return flag && !hadOthers && !isFinal
    }
}
