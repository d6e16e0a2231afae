internal import ArgumentParser
internal import ControlPlane
internal import Foundation
internal import TaskModel
internal import TaskStore

/// `acode task cancel`.
struct TaskCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel tasks: those that wait at once, those that run as soon as they can be stopped.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption

    @Argument(help: "Ids of tasks, or their beginnings.")
    var ids: [String]

    @Option(help: ArgumentHelp("Why, for the task's record.", valueName: "text"))
    var reason: String?

    func run() async throws {
        let context = try CommandContext(global)
        let tasks = try await context.withStore(for: "task cancel", reason: reason) { store in
            var tasks: [QueuedTask] = []
            // All are looked up before the first is cancelled: a slip in one id must not cost the others.
            for id in try await resolveAll(ids, in: store) {
                guard let task = try await store.cancel(id, reason: reason ?? "on request") else {
                    throw TaskReference.unknown(id.rawValue)
                }
                tasks.append(task)
            }
            return tasks
        }
        if tasks.contains(where: { $0.state == .inProgress }) { context.announce(.cancelled) }
        if context.console.isJSON || quiet.quiet {
            try context.console.show(.tasks(tasks, now: Date()), quiet: quiet.quiet)
        } else {
            for task in tasks { context.console.print("\(task.id)  \(Self.words(task))\n") }
        }
        // A task that had ended before can't be cancelled any more.
        if tasks.contains(where: { $0.state.isTerminal && $0.state != .cancelled }) { throw ExitCode(ExitCodes.failed) }
    }

    static func words(_ task: QueuedTask) -> String {
        switch task.state {
        case .cancelled: "cancelled"
        case .inProgress: "asked to stop"
        case .complete, .error, .resolvedManually: "had ended before (\(task.state.rawValue))"
        case .pending, .enqueued, .enqueuedForOrchestration: task.state.rawValue
        }
    }
}
