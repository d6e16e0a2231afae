internal import ArgumentParser
internal import Foundation
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// `acode queue dead show`.
struct QueueDeadShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show why a task failed for good: its reason, every attempt, its timeline.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Argument(help: "The task's id, or its beginning.")
    var id: String

    func run() async throws {
        let context = try CommandContext(global)
        let (task, attempts, checkpoints, events) = try await context.withStore { store in
            let task = try await TaskReference.task(id, in: store)
            try DeadLetter.require(task)
            return (
                task, try await store.attempts(of: task.id), try await store.checkpoints(of: task.id),
                try await timeline(of: task.id, in: store)
            )
        }
        let now = Date()
        let place = LogPlace(context.layout)
        let summaries = AttemptSummary.all(attempts, checkpoints, log: place.path(of:))
        if context.console.isJSON {
            let details = TaskDetails(task: task, attempts: summaries, summary: TaskStory.tell(task, now: now))
            context.console.print(try JSONText.pretty(DeadLetterDetails(details: details, events: events)))
        } else {
            let color = context.console.usesColor
            context.console.print(TaskPage(task: task, attempts: summaries, now: now).text(usesColor: color))
            context.console.print("\n" + (try Listing.events(events).text(.table, usesColor: color)))
        }
    }

    /// All of it, however long.
    private func timeline(of id: TaskID, in store: any TaskStore) async throws -> [TaskEvent] {
        var events: [TaskEvent] = []
        while true {
            let page = try await store.events(of: id, after: events.last?.sequence ?? 0)
            events += page
            if page.isEmpty { return events }
        }
    }
}

/// A dead letter as JSON shows it: everything about the task, and its timeline.
struct DeadLetterDetails: Encodable {
    var details: TaskDetails
    var events: [TaskEvent]

    private enum CodingKeys: String, CodingKey { case events }

    func encode(to encoder: any Encoder) throws {
        try details.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(events.map { EventSummary(event: $0, type: details.task.spec.type) }, forKey: .events)
    }
}
