internal import Settings

/// Why no worker of a profile is started right now.
package struct ProfileTrouble: Sendable, Equatable {
    /// How bad it is.
    package enum State: String, Sendable, Codable {
        /// The next start waits out its back-off.
        case backingOff
        /// The budget of the window is spent: workers of the profile keep failing.
        case crashLooping
    }

    /// Whose workers fail.
    package var profile: WorkerProfile
    /// How bad it is.
    package var state: State
    /// The last failure, in plain words.
    package var reason: String
    /// Failures within the window.
    package var failures: Int
    /// The window they are counted in.
    package var window: Duration
    /// When the next start is allowed.
    package var retryAt: ContinuousClock.Instant

    /// In plain words, without the time of the next try.
    package var words: String {
        switch state {
        case .backingOff: "the last worker of \(profile.summary) failed: \(reason)"
        case .crashLooping:
            "workers of \(profile.summary) keep failing (\(failures) times within \(DurationText.format(window))): "
                + reason
        }
    }

    /// What a task that waits for such a worker is told at `now`.
    package func notice(now: ContinuousClock.Instant) -> String {
        let seconds = max(1, Int(((retryAt - now) / .seconds(1)).rounded(.up)))
        let wait = DurationText.format(.seconds(seconds))
        let remedy = state == .crashLooping ? "; `acode worker restart --all` tries at once" : ""
        return "no worker yet: \(words); the next one is tried in \(wait)\(remedy)"
    }
}
