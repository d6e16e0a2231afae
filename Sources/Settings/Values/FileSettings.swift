/// Where tasks may put outputs.
package struct OutputSettings: Sendable, Equatable {
    /// The directories an output's own destination must lie in; empty means outputs go to the state directory only.
    package var allowedDirectories: [String] = []

    /// The defaults.
    package init() {}
}

/// What becomes of what attempts leave behind.
package struct ScratchSettings: Sendable, Equatable {
    /// When it is kept.
    package var keep: ScratchKeep = .onFailure
    /// How long it is kept at most.
    package var maxAge: Duration = .seconds(7 * 86_400)
    /// Bytes of all that is kept together; beyond that the oldest goes.
    package var maxTotal = 10 << 30
    /// Time between two looks for what has to go.
    package var sweepInterval: Duration = .seconds(600)

    /// The defaults.
    package init() {}
}

/// What tasks keep to go on from.
package struct CheckpointSettings: Sendable, Equatable {
    /// The directory with the artifacts of checkpoints, shared by all hosts whose tasks go on elsewhere; empty means one below
    /// the state directory.
    package var directory = ""

    /// The defaults.
    package init() {}
}

/// When what an attempt left is kept.
package enum ScratchKeep: String, Sendable, CaseIterable {
    /// It is removed when the attempt has ended.
    case never
    /// When the command failed.
    case onFailure
    /// Always.
    case always
}
