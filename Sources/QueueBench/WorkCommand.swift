internal import ArgumentParser
internal import Foundation
internal import TaskModel
internal import TaskStore

/// Claims tasks and completes them at once, as a supervisor whose commands take no time.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work", abstract: "Claims tasks and completes them at once, and tells how fast.")

    @OptionGroup var options: StoreOptions

    @Option(help: "How many tasks are claimed at once.")
    var batch = 100

    @Option(help: "How many claim at the same time.")
    var loops = 1

    @Option(help: "How long, in seconds; it ends before when nothing is left.")
    var seconds = 60.0

    @Option(help: "How many tasks at most, about; 0 means any number.")
    var count = 0

    @Option(help: "Only this queue; all when none is named.")
    var queue: [String] = []

    @Flag(help: "Ends tell of a worker, a start and what was used, as those of commands do.")
    var hasRun = false

    @Flag(help: "Only claims.")
    var claimOnly = false

    func run() async throws {
        let request = ClaimRequest(
            supervisor: .next(), host: "bench", queues: queue, limit: batch, leaseDuration: .seconds(30),
            offersContainers: true)
        let pace = try await BenchStore.with(options) { store in
            // Connects, so that this isn't measured.
            _ = try await store.counts()
            let pace = Pace()
            try await withThrowingTaskGroup { group in
                group.addTask { await self.lookAfter(store) }
                try await withThrowingTaskGroup { group in
                    for _ in 0..<loops { group.addTask { try await self.work(request, store, pace) } }
                    try await group.waitForAll()
                }
                group.cancelAll()
            }
            return pace
        }
        try Output.print(pace.report)
    }

    /// As a busy supervisor does, until it is cancelled.
    private func lookAfter(_ store: any TaskStore) async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { _ = try? await store.lookAfter() }
    }

    private func work(_ request: ClaimRequest, _ store: any TaskStore, _ pace: Pace) async throws {
        var result = AttemptResult(outcome: .succeeded, exitCode: 0, reason: "exit 0", disposition: .complete)
        if hasRun {
            result.worker = WorkerID.random()
            result.usage = AttemptUsage(
                wallSeconds: 0.004, cpuSeconds: 0.002, maxResidentBytes: 1 << 20, outputBytes: 99)
        }
        while pace.elapsed < .seconds(seconds), count == 0 || pace.tasks < count {
            let claimed = try await store.claim(request)
            guard !claimed.isEmpty else { return }
            guard !claimOnly else {
                pace.add(claimed.count)
                continue
            }
            if hasRun { result.startedAt = Date() }
            let written = try await store.finish(claimed.map { ($0.lease, result) })
            guard written.count == claimed.count else {
                throw BenchFailure("\(claimed.count - written.count) leases were lost")
            }
            pace.add(written.count)
        }
    }
}

/// Why a measurement means nothing.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
