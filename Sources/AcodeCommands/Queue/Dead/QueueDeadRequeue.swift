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

    @Flag(help: "Begin from the start, and give up the checkpoints; otherwise they go on at the last one.")
    var fromStart = false

    func run() async throws {
        let context = try CommandContext(global)
        try await choice.change(context, "queue dead requeue", done: "requeued", quiet: quiet.quiet) { store, filter in
            let ids = try await store.requeue(deadLetters: filter, fromStart: fromStart)
            if !ids.isEmpty { context.announce(.submitted) }
            return ids
        }
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

extension DeadLetterChoice {
    /// Changes what is meant and prints which those were, also when something fails on the way.
    func change(
        _ context: CommandContext, _ command: String, done: String, quiet: Bool,
        _ change: (any TaskStore, DeadLetterFilter) async throws -> [TaskID]
    ) async throws {
        var ids: [TaskID] = []
        let result: Result<Void, any Error>
        do {
            try await context.withStore(for: command, reason: why) { store in
                try await each(in: store) { filter in
                    let page = try await change(store, filter)
                    ids += page
                    return page
                }
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        if (try? result.get()) != nil || !ids.isEmpty {
            try context.console.show(DeadLetterChange(done: done, ids: ids), quiet: quiet)
        }
        try result.get()
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
