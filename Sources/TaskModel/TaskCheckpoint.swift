package import Foundation

/// What a task has said that it is done with, and what it needs to go on from there. Kept with the task, so that the next
/// attempt can begin where this one came to, on whatever worker.
package struct TaskCheckpoint: Codable, Sendable, Equatable {
    /// Grows with each checkpoint of the task.
    package var number: Int
    /// The attempt that saved it.
    package var attempt: Int
    /// The last phase that is done; 1 or more.
    package var phase: Int
    /// What the task wrote down for itself: JSON.
    package var data: String?
    /// Copies of files that belong to it.
    package var artifacts: [CheckpointArtifact]
    /// The name of the directory with these copies; `nil` when there are none.
    package var shelf: String?
    /// The host that has them.
    package var host: String?
    /// When it was saved, by the store's clock.
    package var updatedAt: Date
    /// Whether no attempt begins there any more: an artifact was gone, or the task went back behind it.
    package var isDiscarded: Bool

    /// Makes a checkpoint as read from a store.
    package init(
        number: Int, attempt: Int, phase: Int, data: String? = nil, artifacts: [CheckpointArtifact] = [],
        shelf: String? = nil, host: String? = nil, updatedAt: Date, isDiscarded: Bool = false
    ) {
        self.number = number
        self.attempt = attempt
        self.phase = phase
        self.data = data
        self.artifacts = artifacts
        self.shelf = shelf
        self.host = host
        self.updatedAt = updatedAt
        self.isDiscarded = isDiscarded
    }
}

/// A file or directory that belongs to a checkpoint, and enough to see later whether its copy is whole.
package struct CheckpointArtifact: Codable, Sendable, Equatable {
    /// Its path below the task's output directory.
    package var path: String
    /// Whether it is a directory.
    package var isDirectory: Bool
    /// Bytes of all its files.
    package var bytes: Int64
    /// How many regular files it has.
    package var files: Int

    /// Describes an artifact.
    package init(path: String, isDirectory: Bool, bytes: Int64, files: Int) {
        self.path = path
        self.isDirectory = isDirectory
        self.bytes = bytes
        self.files = files
    }
}

/// Where a task would go on.
package struct CheckpointMark: Codable, Sendable, Equatable {
    /// The last phase that is done.
    package var phase: Int
    /// When that was saved, by the store's clock.
    package var updatedAt: Date

    /// Makes a mark.
    package init(phase: Int, updatedAt: Date) {
        self.phase = phase
        self.updatedAt = updatedAt
    }
}

/// A checkpoint that is to be saved.
package struct CheckpointDraft: Sendable, Equatable {
    /// The last phase that is done.
    package var phase: Int
    /// JSON, at most `largestData` bytes and without a NUL byte.
    package var data: String?
    /// The artifacts whose copies are in `shelf`.
    package var artifacts: [CheckpointArtifact]
    /// The name of the directory with the copies.
    package var shelf: String?
    /// Who has them.
    package var host: String?
    /// Whether it may lie behind the last checkpoint, which is given up then.
    package var isForced: Bool

    /// The most bytes of a checkpoint's data.
    package static let largestData = 256 << 10
    /// The highest phase.
    package static let highestPhase = 1_000_000_000

    /// Makes a draft.
    package init(
        phase: Int, data: String? = nil, artifacts: [CheckpointArtifact] = [], shelf: String? = nil,
        host: String? = nil, isForced: Bool = false
    ) {
        self.phase = phase
        self.data = data
        self.artifacts = artifacts
        self.shelf = shelf
        self.host = host
        self.isForced = isForced
    }
}

/// What became of a draft.
package enum CheckpointVerdict: Sendable, Equatable {
    /// It is kept under this number.
    case saved(number: Int)
    /// The task is at this later phase already; nothing was written.
    case behind(phase: Int)
    /// The lease is not the current one; nothing was written.
    case leaseLost
}
