/// A checkpoint that a task wants saved. Sent again on every connection until a `CheckpointAnswer` answers it; saving the
/// same twice does no harm.
package struct CheckpointSave: Codable, Hashable, Sendable {
    /// The attempt.
    package var attempt: AttemptRef
    /// Tells the agent's checkpoints apart.
    package var number: UInt64
    /// The last phase that is done.
    package var phase: Int
    /// JSON text, as the task gave it.
    package var data: String?
    /// Paths in the task's output directory of what belongs to it: relative to it, or absolute as the task sees them.
    package var artifacts: [String]
    /// Whether it may lie behind the last one.
    package var isForced: Bool

    /// The most bytes of `data`. The agent passes on no more.
    package static let largestData = 256 << 10
    /// The most artifacts.
    package static let mostArtifacts = 64
    /// The most bytes of one artifact's path.
    package static let longestPath = 1024

    /// Makes a request.
    package init(
        attempt: AttemptRef, number: UInt64, phase: Int, data: String? = nil, artifacts: [String] = [],
        isForced: Bool = false
    ) {
        self.attempt = attempt
        self.number = number
        self.phase = phase
        self.data = data
        self.artifacts = artifacts
        self.isForced = isForced
    }
}

/// What became of a checkpoint.
package struct CheckpointAnswer: Codable, Hashable, Sendable {
    /// In one word. The raw values are seen by programs in tasks.
    package enum Verdict: String, Codable, Sendable {
        /// It is in the store, and would survive a loss of power.
        case saved
        /// It is not valid, and would not be another time.
        case refused
        /// It could not be saved now.
        case unavailable
        /// The attempt has lost its lease: another one may be running.
        case stale
    }

    /// The attempt's token, as the agent knows it.
    package var token: Int64
    /// The number of the `CheckpointSave`.
    package var number: UInt64
    /// In one word.
    package var verdict: Verdict
    /// Why, in plain words; empty when it was saved.
    package var message: String

    /// Makes an answer.
    package init(token: Int64, number: UInt64, verdict: Verdict, message: String = "") {
        self.token = token
        self.number = number
        self.verdict = verdict
        self.message = message
    }
}
