internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import TaskModel
internal import TaskStore

/// `acode task retry`.
struct TaskRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Put failed or cancelled tasks back into their queue with fresh counts.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption

    @Flag(help: "Begin from the start, and give up the checkpoints; otherwise they go on at the last one.")
    var fromStart = false

    @Argument(help: "Ids of tasks, or their beginnings.")
    var ids: [String]

    @Option(help: ArgumentHelp("Why, for the task's record.", valueName: "text"))
    var reason: String?

    func run() async throws {
        let context = try CommandContext(global)
        let tasks = try await context.withStore(for: "task retry", reason: reason) { store in
            var tasks: [QueuedTask] = []
            for id in try await resolveAll(ids, in: store) {
                guard let task = try await store.task(id) else { throw TaskReference.unknown(id.rawValue) }
                guard task.state == .error || task.state == .cancelled else {
                    throw CommandFailure(
                        ExitCodes.failed,
                        "the task \(id) is \(task.state.rawValue); only one that failed or was cancelled can be retried"
                    )
                }
                let again = try await store.requeue(id, fromStart: fromStart) ?? task
                if again.state == task.state, let unique = task.spec.unique {
                    throw CommandFailure(
                        ExitCodes.failed,
                        "the task \(id) can't be retried now: another one with its unique key \(unique.key) has not ended"
                    )
                }
                tasks.append(again)
            }
            return tasks
        }
        context.announce(.submitted)
        if context.console.isJSON || quiet.quiet {
            try context.console.show(.tasks(tasks, now: Date()), quiet: quiet.quiet)
        } else {
            for task in tasks { context.console.print("\(task.id)  \(task.state.rawValue)\n") }
        }
    }
}
