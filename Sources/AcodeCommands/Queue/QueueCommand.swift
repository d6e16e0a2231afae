internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import TaskModel
internal import TaskStore

/// `acode queue`.
struct QueueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue", abstract: "See what waits in the queues, hold them up, and see what failed for good.",
        subcommands: [
            QueueStatusCommand.self, QueuePause.self, QueueResume.self, QueueLimit.self, QueueDead.self,
        ],
        defaultSubcommand: QueueStatusCommand.self)
}

/// `acode queue status`.
struct QueueStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Count the tasks of each queue by state, and say which are paused or limited.",
        aliases: ["list"])

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func run() async throws {
        let context = try CommandContext(global)
        let rows = try await context.withStore { store in
            QueueRow.rows(try await store.counts(), try await store.queueControls())
        }
        try context.console.show(.queues(rows, now: Date()))
    }
}

/// One queue and its counts.
struct QueueRow: Encodable, Equatable {
    var queue: String
    /// By the state's public name; states without tasks are 0.
    var counts: [String: Int]
    /// What people said about it.
    var control: QueueControl

    init(queue: String, counts: [String: Int]) {
        (self.queue, self.counts) = (queue, counts)
        control = QueueControl(queue: queue)
    }

    private enum CodingKeys: String, CodingKey { case counts }

    func encode(to encoder: any Encoder) throws {
        try QueueControlSummary(control: control).encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(counts, forKey: .counts)
    }

    static func rows(_ counts: [QueueCount], _ controls: [QueueControl] = []) -> [QueueRow] {
        let none = Dictionary(uniqueKeysWithValues: TaskState.allCases.map { ($0.rawValue, 0) })
        var rows: [String: QueueRow] = [:]
        for count in counts {
            rows[count.queue, default: QueueRow(queue: count.queue, counts: none)].counts[
                count.state.rawValue, default: 0] += count.count
        }
        for control in controls {
            rows[control.queue, default: QueueRow(queue: control.queue, counts: none)].control = control
        }
        return rows.values.sorted { $0.queue < $1.queue }
    }
}

extension Listing where Item == QueueRow {
    /// Queues as a table, as names or as JSON.
    static func queues(_ rows: [QueueRow], now: Date) -> Listing {
        // Only where somebody said something there is something to show.
        let hasLimits = rows.contains { $0.control.maxRunning != nil }
        let hasPauses = rows.contains { $0.control.pause != nil }
        let states: [TaskState] = [.enqueued, .pending, .inProgress, .complete, .error, .cancelled]
        var columns = [Table.Column(title: "queue")]
        columns += states.map { Table.Column(title: $0.rawValue, isRight: true) }
        if hasLimits { columns.append(Table.Column(title: "limit", isRight: true)) }
        if hasPauses { columns.append(Table.Column(title: "paused")) }
        return Listing(
            items: rows, columns: columns,
            cells: { row in
                var cells = [Table.Cell(row.queue)]
                cells += states.map { Table.Cell(String(row.counts[$0.rawValue] ?? 0)) }
                if hasLimits { cells.append(Table.Cell(row.control.maxRunning.map(String.init) ?? "")) }
                if hasPauses { cells.append(Table.Cell(row.control.pause?.words(now: now) ?? "", .attention)) }
                return cells
            },
            id: \.queue, json: { $0 })
    }
}
