package import Settings

/// What went wrong with the workers of each profile: the budgets of restarts, and which profiles crash-loop. Pure.
package struct FailureLedger: Sendable {
    private struct Entry {
        var budget: RestartBudget
        var reason = ""
        /// From the moment the budget is spent until a worker is ready again.
        var isLooping = false
        var lastFailure: ContinuousClock.Instant?
    }

    private let rules: RestartSettings
    private let jitter: @Sendable () -> Double
    private var entries: [WorkerProfile: Entry] = [:]

    /// Makes an empty ledger. `jitter` spreads back-offs: a factor around 1 for each failure.
    package init(rules: RestartSettings, jitter: @escaping @Sendable () -> Double = { 1 }) {
        self.rules = rules
        self.jitter = jitter
    }

    /// Notes that a worker that was started at `begun` failed. What was started before the last failure shares its cause,
    /// so that a host that kills thirty workers at once spends no more than one restart. Returns the trouble when the
    /// profile begins to crash-loop.
    package mutating func failed(
        _ profile: WorkerProfile, _ reason: String, begun: ContinuousClock.Instant?, at now: ContinuousClock.Instant
    ) -> ProfileTrouble? {
        // Profiles come with tasks, in any number; what is no longer counted against one is forgotten.
        entries = entries.filter { !$0.value.budget.isUnspent(at: now) }
        var entry = entries[profile] ?? Entry(budget: RestartBudget(rules: rules))
        entry.reason = reason
        if let begun, let last = entry.lastFailure, begun <= last {
            entries[profile] = entry
            return nil
        }
        entry.lastFailure = now
        entry.budget.failed(at: now, jitter: jitter())
        let begins = !entry.isLooping && entry.budget.isExhausted(at: now)
        if begins { entry.isLooping = true }
        entries[profile] = entry
        return begins ? trouble(of: profile, at: now) : nil
    }

    /// Notes that a worker of the profile is ready.
    package mutating func ready(_ profile: WorkerProfile) { entries[profile]?.isLooping = false }

    /// Notes that a worker of the profile did its work, so that the next failure starts the back-off anew.
    package mutating func succeeded(_ profile: WorkerProfile) { entries[profile]?.budget.succeeded() }

    /// Forgets what is counted against a profile, or against all.
    package mutating func forgive(_ profile: WorkerProfile?) {
        if let profile { entries[profile] = nil } else { entries = [:] }
    }

    /// Whether anything is counted against the profile.
    package func hasFailures(_ profile: WorkerProfile) -> Bool { entries[profile] != nil }

    /// When the next worker of the profile may start; in the past, or `nil`, when it may now.
    package func nextStart(_ profile: WorkerProfile, at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        entries[profile]?.budget.nextStart(at: now)
    }

    /// Whether the profile's budget is spent, so that no worker of it starts for long.
    package func isExhausted(_ profile: WorkerProfile, at now: ContinuousClock.Instant) -> Bool {
        entries[profile]?.budget.isExhausted(at: now) ?? false
    }

    /// What is wrong with a profile; `nil` when its workers may start.
    package func trouble(of profile: WorkerProfile, at now: ContinuousClock.Instant) -> ProfileTrouble? {
        guard let entry = entries[profile] else { return nil }
        let next = entry.budget.nextStart(at: now)
        guard entry.isLooping || next > now else { return nil }
        return ProfileTrouble(
            profile: profile, state: entry.isLooping ? .crashLooping : .backingOff, reason: entry.reason,
            failures: entry.budget.failures(at: now), window: rules.window, retryAt: next)
    }

    /// Everything that is wrong, in a stable order.
    package func troubles(at now: ContinuousClock.Instant) -> [ProfileTrouble] {
        entries.keys.compactMap { trouble(of: $0, at: now) }.sorted { $0.profile.summary < $1.profile.summary }
    }
}
