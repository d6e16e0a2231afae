internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import Settings
internal import TaskModel
internal import TaskStore

/// `acode queue`.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "See what waits in the queues, hold them up, and see what failed for good.",
        subcommands: [
            QueueStatusCommand.self, QueueRoute.self, QueuePause.self, QueueResume.self, QueueLimit.self,
            QueueDead.self,
        ],
        defaultSubcommand: QueueStatusCommand.self)
}

/// `acode queue status`.
struct QueueStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract:
            "Count the tasks of each queue by state; how long they wait, who takes them, what is paused or limited.",
        aliases: ["list"])

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        let context = try CommandContext(global)
        let rows = try await context.withStore { store in
            try await QueueOverview.read(store, for: context).queues
        }
        try context.console.show(.queues(rows, now: Date()))
    }
}

extension Listing where Item == QueueSummary {
    /// Queues as a table, as names or as JSON.
    static func queues(_ rows: [QueueSummary], now: Date) -> Listing {
        // Only where somebody said something there is something to show.
        let hasLimits = rows.contains { $0.maxRunning != nil }
        let hasPauses = rows.contains { $0.paused != nil }
        let states: [TaskState] = [.enqueued, .pending, .inProgress, .complete, .error, .cancelled]
        let hasWaits = rows.contains { $0.oldestWaitingSeconds != nil }
        var columns = [Table.Column(title: "queue")]
        columns += states.map { Table.Column(title: $0.rawValue, isRight: true) }
        if hasWaits { columns.append(Table.Column(title: "oldest", isRight: true)) }
        columns.append(Table.Column(title: "consumers", isRight: true))
        if hasLimits { columns.append(Table.Column(title: "limit", isRight: true)) }
        if hasPauses { columns.append(Table.Column(title: "paused")) }
        return Listing(
            items: rows, columns: columns,
            cells: { row in
                var cells = [Table.Cell(row.queue)]
                cells += states.map { Table.Cell(String(row.counts[$0.rawValue] ?? 0)) }
                if hasWaits { cells.append(Table.Cell(row.oldestWaitingSeconds.map(HumanText.duration) ?? "")) }
                cells.append(Table.Cell(String(row.consumers.count)))
                if hasLimits { cells.append(Table.Cell(row.maxRunning.map(String.init) ?? "")) }
                if hasPauses { cells.append(Table.Cell(row.paused?.words(now: now) ?? "", .attention)) }
                return cells
            },
            id: \.queue, json: { $0 })
    }
}
