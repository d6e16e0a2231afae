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

    @Option(help: "How many different images the tasks name in turn; 0 means none.")
    var images = 0

    @Option(help: "The queue.")
    var queue = TaskSpec.defaultQueue

    func run() async throws {
        let specs = BenchTask.specs(bytes: payload, queue: queue, images: images)
        let pace = try await BenchStore.with(options) { store in
            // Connects, so that this isn't measured.
            _ = try await store.counts()
            let pace = Pace()
            try await withThrowingTaskGroup { group in
                for index in 0..<producers {
                    let share = count == 0 ? Int.max : count / producers + (index < count % producers ? 1 : 0)
                    group.addTask { try await self.submit(specs, share, to: store, pace) }
                }
                try await group.waitForAll()
            }
            return pace
        }
        try Output.print(pace.report)
    }

    private func submit(_ specs: [TaskSpec], _ share: Int, to store: any TaskStore, _ pace: Pace) async throws {
        var left = share
        while left > 0, pace.elapsed < .seconds(seconds) {
            let some = (0..<min(batch, left)).map { specs[$0 % specs.count] }
            _ = try await store.submit(some)
            pace.add(some.count)
            left -= some.count
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

    /// One that names no image, or one for each of so many.
    static func specs(bytes: Int, queue: String, images: Int) -> [TaskSpec] {
        let spec = spec(bytes: bytes, queue: queue)
        guard images > 0 else { return [spec] }
        return (0..<images).map { number in
            var named = spec
            named.image = "registry.example/image:\(number)"
            return named
        }
    }
}
