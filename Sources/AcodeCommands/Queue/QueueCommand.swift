internal import ArgumentParser
internal import ControlPlane
internal import TaskModel
internal import TaskStore

/// `acode queue`.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "See what waits in the queues, and what failed for good.",
        subcommands: [QueueStatusCommand.self, QueueDead.self],
        defaultSubcommand: QueueStatusCommand.self)
}

/// `acode queue status`.
struct QueueStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Count the tasks of each queue by state.", aliases: ["list"])

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        let context = try CommandContext(global)
        let counts = try await context.withStore { try await $0.counts() }
        try context.console.show(.queues(QueueRow.rows(counts)))
    }
}

/// One queue and its counts.
struct QueueRow: Encodable, Equatable {
    var queue: String
    /// By the state's public name; states without tasks are 0.
    var counts: [String: Int]

    static func rows(_ counts: [QueueCount]) -> [QueueRow] {
        let none = Dictionary(uniqueKeysWithValues: TaskState.allCases.map { ($0.rawValue, 0) })
        var rows: [String: QueueRow] = [:]
        for count in counts {
            rows[count.queue, default: QueueRow(queue: count.queue, counts: none)].counts[
                count.state.rawValue, default: 0] += count.count
        }
        return rows.values.sorted { $0.queue < $1.queue }
    }
}

extension Listing where Item == QueueRow {
    /// Queues as a table, as names or as JSON.
    static func queues(_ rows: [QueueRow]) -> Listing {
        let states: [TaskState] = [.enqueued, .pending, .inProgress, .complete, .error, .cancelled]
        return Listing(
            items: rows,
            columns: [Table.Column(title: "queue")] + states.map { Table.Column(title: $0.rawValue, isRight: true) },
            cells: { row in
                [Table.Cell(row.queue)] + states.map { Table.Cell(String(row.counts[$0.rawValue] ?? 0)) }
            },
            id: \.queue, json: { $0 })
    }
}
