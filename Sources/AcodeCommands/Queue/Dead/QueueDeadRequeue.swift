internal import ArgumentParser
internal import ControlPlane
internal import TaskModel
internal import TaskStore

/// `acode queue dead requeue`.
struct QueueDeadRequeue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue", abstract: "Put dead letters back into their queues with fresh counts.")

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup var quiet: QuietOption
    @OptionGroup var choice: DeadLetterChoice

    func run() async throws {
        let context = try CommandContext(global)
        let ids = try await context.withStore { store in
            try await choice.each(in: store) { try await store.requeue(deadLetters: $0) }
        }
        if !ids.isEmpty { context.announce(.submitted) }
        try context.console.show(DeadLetterChange(done: "requeued", ids: ids), quiet: quiet.quiet)
    }
}

/// What became of dead letters, for printing.
struct DeadLetterChange: Encodable {
    /// What was done, in one word; not shown in JSON.
    var done: String
    var ids: [TaskID]

    private enum CodingKeys: String, CodingKey { case count, tasks }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(ids.count, forKey: .count)
        try container.encode(ids, forKey: .tasks)
    }
}

extension Console {
    /// Prints which dead letters were changed.
    func show(_ change: DeadLetterChange, quiet: Bool) throws {
        if isJSON { return print(try JSONText.pretty(change)) }
        print(change.ids.map { quiet ? "\($0)\n" : "\($0)  \(change.done)\n" }.joined())
        if change.ids.isEmpty { note("acode: there is no such dead letter") }
    }
}
