internal import Foundation
internal import TaskModel

/// What a task finds in its task file.
struct TaskDocument: Encodable {
    var id: String
    var name: String?
    /// Its declared type.
    var type: String?
    /// What it was given, by the names of its type's parameters.
    var params: [String: ParameterValue]
    var labels: [String]
    var attempt: Int
    var queue: String
    var command: [String]
    var outputs: [OutputSpec]
    var worktree: WorktreeSpec?

    /// Describes a task to itself.
    init(_ claim: ClaimedTask) {
        id = claim.task.id.rawValue
        name = claim.task.spec.name
        type = claim.task.spec.type
        params = claim.task.spec.params ?? [:]
        labels = claim.task.spec.labels ?? []
        attempt = claim.lease.attempt
        queue = claim.task.spec.queue
        command = claim.task.spec.command
        outputs = claim.task.spec.outputs ?? []
        worktree = claim.task.spec.worktree
    }

    /// The file's content.
    var content: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array((try? encoder.encode(self)) ?? Data("{}".utf8))
    }
}
