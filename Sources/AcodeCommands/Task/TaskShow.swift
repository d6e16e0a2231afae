internal import ArgumentParser
internal import Foundation
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// `acode task show`.
struct TaskShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show everything about a task, and why it ended as it did.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Argument(help: "The task's id, or its beginning.")
    var id: String

    func run() async throws {
        let context = try CommandContext(global)
        let (task, attempts, checkpoints, hindrance) = try await context.withStore { store in
            let task = try await TaskReference.task(id, in: store)
            return (
                task, try await store.attempts(of: task.id), try await store.checkpoints(of: task.id),
                await Hindrance.of(task, in: store, context)
            )
        }
        let now = Date()
        let place = LogPlace(context.layout)
        let summaries = AttemptSummary.all(attempts, checkpoints, log: place.path(of:))
        if context.console.isJSON {
            let details = TaskDetails(
                task: task, attempts: summaries, summary: TaskStory.tell(task, now: now, hindrance: hindrance))
            context.console.print(try JSONText.pretty(details))
        } else {
            let page = TaskPage(task: task, attempts: summaries, now: now, hindrance: hindrance)
            context.console.print(page.text(usesColor: context.console.usesColor))
        }
    }
}
