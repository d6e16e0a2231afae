internal import ArgumentParser

/// `acode queue dead`.
struct QueueDead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead", abstract: "See the tasks that failed for good, give them another chance, forget them.",
        subcommands: [QueueDeadList.self, QueueDeadShow.self, QueueDeadRequeue.self, QueueDeadPurge.self],
        defaultSubcommand: QueueDeadList.self)
}
