internal import ArgumentParser
internal import Synchronization
internal import TaskModel
internal import TaskStore

/// How long a task waits that nobody is before.
struct LatencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "latency",
        abstract: "Submits single tasks and tells how long each takes to be claimed, from before its submission.")

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
        let request = ClaimRequest(
            supervisor: .next(), host: "bench", limit: 1, leaseDuration: .seconds(30), offersContainers: true)
        let result = AttemptResult(outcome: .succeeded, exitCode: 0, reason: "exit 0", disposition: .complete)
        let spec = BenchTask.spec(bytes: 200, queue: TaskSpec.defaultQueue)
        var waits: [Double] = []
        for _ in 0..<count {
            let start = ContinuousClock.now
            async let submitted = producer.submit([spec])
            var claimed: [ClaimedTask] = []
            while claimed.isEmpty { claimed = try await consumer.claim(request) }
            waits.append((ContinuousClock.now - start) / .milliseconds(1))
            _ = try await submitted
            _ = try await consumer.finish(claimed.map { ($0.lease, result) })
            try await Task.sleep(for: .milliseconds(pause))
        }
        return Report(milliseconds: waits)
    }
}
