internal import ArgumentParser
internal import TaskModel
internal import TaskStore

/// Submits tasks as fast as it can.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submits tasks, and tells how fast.")

    @OptionGroup var options: StoreOptions

    @Option(help: "How many tasks are submitted at once.")
    var batch = 1

    @Option(help: "How many submit at the same time.")
    var producers = 1

    @Option(help: "How many tasks in all; 0 means until the time is over.")
    var count = 0

    @Option(help: "The longest it may take, in seconds.")
    var seconds = 3600.0

    @Option(help: "Bytes of a task's specification, about.")
    var payload = 200

    @Option(help: "The queue.")
    var queue = TaskSpec.defaultQueue

    func run() async throws {
        let spec = BenchTask.spec(bytes: payload, queue: queue)
        let pace = Pace()
        try await BenchStore.with(options) { store in
            // Connects, so that this isn't measured.
            _ = try await store.counts()
            try await withThrowingTaskGroup { group in
                for index in 0..<producers {
                    let share = count == 0 ? Int.max : count / producers + (index < count % producers ? 1 : 0)
                    group.addTask { try await self.submit(spec, share, to: store, pace) }
                }
                try await group.waitForAll()
            }
        }
        try Output.print(pace.report)
    }

    private func submit(_ spec: TaskSpec, _ share: Int, to store: any TaskStore, _ pace: Pace) async throws {
        var left = share
        while left > 0, pace.elapsed < .seconds(seconds) {
            let specs = Array(repeating: spec, count: min(batch, left))
            _ = try await store.submit(specs)
            pace.add(specs.count)
            left -= specs.count
        }
    }
}

/// What is submitted.
enum BenchTask {
    /// A specification that takes about so many bytes in the store, the least there is at least.
    static func spec(bytes: Int, queue: String) -> TaskSpec {
        // Names and punctuation of the fields that every specification has.
        let rest = 190
        return TaskSpec(command: ["true", String(repeating: "x", count: max(0, bytes - rest))], queue: queue)
    }
}
