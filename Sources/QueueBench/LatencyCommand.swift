internal import ArgumentParser
internal import TaskModel
internal import TaskStore

/// How long a task waits that nobody is before.
struct LatencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract:
            "Submits single tasks and tells how long each takes to be claimed, from before its submission. The one "
            + "who claims looks when the store tells of a task, and every second; in SQLite every 20 ms for changes.")

    @OptionGroup var options: StoreOptions

    @Option(help: "How many tasks.")
    var count = 1000

    @Option(help: "Milliseconds between them.")
    var pause = 10

    func run() async throws {
        try await BenchStore.with(options) { consumer in
            let producer = try await BenchStore.open(options.store, connections: 1)
            try Output.print(try await measure(producer, consumer))
            await producer.close()
        }
    }

    private struct Report: Codable {
        let milliseconds: [Double]
    }

    private func measure(_ producer: any TaskStore, _ consumer: any TaskStore) async throws -> Report {
        let supervisor = SupervisorID.next()
        // Only the newest word counts: it says to look.
        let (words, word) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let listening = Task { await listen(consumer, supervisor, word) }
        defer { listening.cancel() }
        let request = ClaimRequest(
            supervisor: supervisor, host: "bench", limit: 1, leaseDuration: .seconds(30), offersContainers: true)
        let result = AttemptResult(outcome: .succeeded, exitCode: 0, reason: "exit 0", disposition: .complete)
        let spec = BenchTask.spec(bytes: 200, queue: TaskSpec.defaultQueue)
        var looks = words.makeAsyncIterator()
        var waits: [Double] = []
        // The first ones prepare statements and connect.
        for number in 0..<(count + 10) {
            let start = ContinuousClock.now
            async let submitted = producer.submit([spec])
            var claimed: [ClaimedTask] = []
            while claimed.isEmpty {
                _ = await looks.next()
                claimed = try await consumer.claim(request)
            }
            if number >= 10 { waits.append((ContinuousClock.now - start) / .milliseconds(1)) }
            _ = try await submitted
            _ = try await consumer.finish(claimed.map { ($0.lease, result) })
            try await Task.sleep(for: .milliseconds(pause))
        }
        return Report(milliseconds: waits)
    }

    private func listen(
        _ store: any TaskStore, _ supervisor: SupervisorID, _ word: AsyncStream<Void>.Continuation
    ) async {
        let isPostgres = BenchStore.isPostgres(options.store)
        await withDiscardingTaskGroup { group in
            if isPostgres { group.addTask { await store.hear(for: supervisor) { _ in word.yield() } } }
            group.addTask {
                var last: Int64?
                while (try? await Task.sleep(for: isPostgres ? .seconds(1) : .milliseconds(20))) != nil {
                    let token = isPostgres ? nil : try? await store.changeToken()
                    if isPostgres || token != last { word.yield() }
                    last = token
                }
            }
        }
    }
}
