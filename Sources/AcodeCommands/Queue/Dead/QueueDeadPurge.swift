internal import ArgumentParser
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// `acode queue dead purge`.
struct QueueDeadPurge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Forget dead letters for good, with their history and what this host has of them.",
        discussion: """
            That is their logs and scratch, the artifacts of their checkpoints, and their outputs, unless \
            retention.keepOutputs is true or they have a destination of their own. Other hosts remove what they have of \
            these tasks by and by.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption
    @OptionGroup var choice: DeadLetterChoice

    func run() async throws {
        let context = try CommandContext(global)
        try await choice.change(context, "queue dead purge", done: "purged", quiet: quiet.quiet) { store, filter in
            let ids = try await store.purge(deadLetters: filter)
            // Nobody can find them by their task any more.
            _ = TaskFiles(
                layout: context.layout, keepsOutputs: context.settings.retention.keepOutputs,
                shelf: CheckpointShelf(settings: context.settings, layout: context.layout)
            ).remove(ids)
            return ids
        }
    }
}
