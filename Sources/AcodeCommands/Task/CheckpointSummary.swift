internal import Foundation
internal import TaskModel

/// A checkpoint as JSON shows it, with every key always there.
struct CheckpointSummary: Encodable {
    var checkpoint: TaskCheckpoint

    private enum CodingKeys: String, CodingKey {
        case phase, data, updatedAt, attempt, artifacts, host, discarded
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(checkpoint.phase, forKey: .phase)
        try container.encode(checkpoint.data.map(EmbeddedJSON.init), forKey: .data)
        try container.encode(checkpoint.updatedAt, forKey: .updatedAt)
        try container.encode(checkpoint.attempt, forKey: .attempt)
        try container.encode(checkpoint.artifacts, forKey: .artifacts)
        try container.encode(checkpoint.host, forKey: .host)
        try container.encode(checkpoint.isDiscarded, forKey: .discarded)
    }

    /// In a few words.
    var words: String {
        var parts = ["phase \(checkpoint.phase)", "saved by attempt \(checkpoint.attempt)"]
        parts += checkpoint.artifacts.map { "\($0.path) (\(HumanText.bytes(UInt64(max(0, $0.bytes)))))" }
        return parts.joined(separator: ", ")
    }

    /// As much of the data as fits on a line of a page.
    var shortData: String {
        let data = checkpoint.data ?? ""
        return data.count > 200 ? data.prefix(200) + "…" : data
    }
}

extension AttemptSummary {
    /// The attempts of a task with their logs and the last checkpoint that each has saved, of those in `checkpoints`, newest
    /// first.
    static func all(
        _ attempts: [TaskAttempt], _ checkpoints: [TaskCheckpoint], log: (TaskAttempt) -> String?
    ) -> [AttemptSummary] {
        attempts.map { attempt in
            AttemptSummary(
                attempt: attempt, log: log(attempt), checkpoint: checkpoints.first { $0.attempt == attempt.attempt })
        }
    }
}

extension [AttemptSummary] {
    /// Where the task would go on.
    var checkpoint: TaskCheckpoint? {
        compactMap(\.checkpoint).filter { !$0.isDiscarded }.max { $0.number < $1.number }
    }

    /// When the task's command began for the first time.
    var executionStartedAt: Date? { compactMap(\.attempt.startedAt).min() }

    /// How long its commands have run together, in seconds, as far as that is over.
    var executionSeconds: Double { compactMap(\.durationSeconds).reduce(0, +) }
}
