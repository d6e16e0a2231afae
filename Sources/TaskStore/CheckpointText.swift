internal import Foundation
internal import TaskModel

/// What of a checkpoint is the same for every kind of store. Pure.
enum CheckpointText {
    /// How many checkpoints of one attempt are kept: one to begin at, and one before it for when that can't be used.
    static let keptPerAttempt = 2
    /// Milliseconds between two lines on the timeline about one phase.
    static let quietTime: Int64 = 10_000

    /// The artifacts as they are stored: JSON; `nil` for none.
    static func artifacts(_ artifacts: [CheckpointArtifact]) -> String? {
        guard !artifacts.isEmpty else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(artifacts)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The artifacts in a stored text.
    static func artifacts(in text: String?) -> [CheckpointArtifact] {
        text.flatMap { try? JSONDecoder().decode([CheckpointArtifact].self, from: Data($0.utf8)) } ?? []
    }

    /// What the timeline says of a task that is put back.
    static func requeued(fromStart: Bool) -> String {
        fromStart ? "requeued by hand, to begin from the start" : "requeued by hand"
    }

    /// What the timeline says of a checkpoint.
    static func words(_ draft: CheckpointDraft) -> String {
        var parts = ["phase \(draft.phase)"]
        if let data = draft.data { parts.append("\(data.utf8.count) bytes of data") }
        parts += draft.artifacts.map { "\($0.path): \($0.bytes) bytes" }
        return parts.joined(separator: ", ")
    }

    /// Refuses what no store can keep as it is. Whoever takes drafts from tasks has looked at them before.
    static func check(_ draft: CheckpointDraft, operation: String) throws(StoreError) {
        guard (1...CheckpointDraft.highestPhase).contains(draft.phase) else {
            throw StoreError(.internal, "a checkpoint with phase \(draft.phase)", operation: operation)
        }
        guard let data = draft.data else { return }
        guard data.utf8.count <= CheckpointDraft.largestData, !data.utf8.contains(0) else {
            throw StoreError(.internal, "a checkpoint's data is too long or has a NUL in it", operation: operation)
        }
    }
}
