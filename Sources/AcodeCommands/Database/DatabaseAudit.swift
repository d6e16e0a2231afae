internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import TaskModel
internal import TaskStore

/// `acode db audit`.
struct DatabaseAudit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show who did what by hand, newest first.",
        discussion: "Noted are cancelling, retrying, requeueing, purging, pausing, resuming, limiting and pruning.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Option(help: ArgumentHelp("Only what was done with this task, by its whole id.", valueName: "id"))
    var task: String?

    @Option(help: ArgumentHelp("Only what was done with this queue or its tasks.", valueName: "name"))
    var queue: String?

    @Option(name: .shortAndLong, help: "At most so many.")
    var limit = 100

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 10000.") }
        // A task that was purged has no other trace, so that a beginning could not be looked up.
        if let task, UUID(uuidString: task) == nil {
            throw ValidationError("\"\(task)\" is not the whole id of a task.")
        }
    }

    func run() async throws {
        let context = try CommandContext(global)
        let filter = AuditFilter(
            task: task.map { TaskID(rawValue: $0.lowercased()) }, queue: queue, limit: limit)
        let entries = try await context.withStore { try await $0.audit(matching: filter) }
        try context.console.show(.audit(entries))
    }
}

extension Listing where Item == AuditEntry {
    /// What was done by hand, in a table or as JSON.
    static func audit(_ entries: [AuditEntry]) -> Listing {
        Listing(
            items: entries,
            columns: ["time", "who", "command", "task", "queue", "what", "why"].map { Table.Column(title: $0) },
            cells: { entry in
                [
                    Table.Cell(StableJSON.text(of: entry.at)), Table.Cell("\(entry.author.user)@\(entry.author.host)"),
                    Table.Cell(entry.author.command), Table.Cell(entry.task?.rawValue ?? ""),
                    Table.Cell(entry.queue ?? ""), Table.Cell(entry.detail.shortened(to: 80)),
                    Table.Cell((entry.author.reason ?? "").shortened(to: 80)),
                ]
            },
            id: { String($0.sequence) }, json: { AuditSummary(entry: $0) })
    }
}

/// An entry as JSON shows it, with every key always there.
struct AuditSummary: Encodable {
    var entry: AuditEntry

    private enum CodingKeys: String, CodingKey {
        case sequence, at, user, uid, host, command, reason, action, task, queue, detail
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(entry.sequence, forKey: .sequence)
        try container.encode(entry.at, forKey: .at)
        try container.encode(entry.author.user, forKey: .user)
        try container.encode(entry.author.uid, forKey: .uid)
        try container.encode(entry.author.host, forKey: .host)
        try container.encode(entry.author.command, forKey: .command)
        try container.encode(entry.author.reason, forKey: .reason)
        try container.encode(entry.action, forKey: .action)
        try container.encode(entry.task, forKey: .task)
        try container.encode(entry.queue, forKey: .queue)
        try container.encode(entry.detail, forKey: .detail)
    }
}
