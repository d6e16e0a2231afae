internal import ArgumentParser
internal import Foundation
internal import TaskModel
internal import TaskStore

/// `acode queue dead list`.
struct QueueDeadList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tasks that failed for good, newest first, and why.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption
    @OptionGroup var options: DeadLetterOptions

    @Option(name: .shortAndLong, help: "At most so many.")
    var limit = 100

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 10000.") }
    }

    func run() async throws {
        let context = try CommandContext(global)
        var filter = try options.filter()
        filter.limit = limit
        let meant = filter
        let letters = try await context.withStore { try await $0.deadLetters(matching: meant) }
        try context.console.show(.deadLetters(letters, now: Date()), quiet: quiet.quiet)
    }
}

extension Listing where Item == QueuedTask {
    /// Dead letters in a table, as ids or as JSON.
    static func deadLetters(_ letters: [QueuedTask], now: Date) -> Listing {
        Listing(
            items: letters,
            columns: ["id", "name", "queue", "outcome", "code", "attempts", "ended", "reason"].map {
                Table.Column(title: $0, isRight: ["code", "attempts"].contains($0))
            },
            cells: { task in
                [
                    Table.Cell(task.id.rawValue), Table.Cell((task.spec.name ?? "").shortened(to: 24)),
                    Table.Cell(task.spec.queue), Table.Cell(task.outcome?.rawValue ?? "", .bad),
                    Table.Cell(task.exitCode.map(String.init) ?? ""), Table.Cell(String(task.attempt)),
                    Table.Cell(task.finishedAt.map { HumanText.age($0, now: now) } ?? ""),
                    Table.Cell((task.reason ?? "").shortened(to: 80)),
                ]
            },
            id: \.id.rawValue, json: { TaskSummary(task: $0) })
    }
}
