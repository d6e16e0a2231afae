internal import ArgumentParser
internal import ControlPlane
internal import Settings

/// `acode worker stop`.
struct WorkerStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop the supervisor and all its workers, or replace single workers.",
        discussion: """
            Without an id, ends the supervisor as Ctrl-C does, and waits until it is gone. With ids, stops these \
            workers; each is replaced by a fresh one, and a task that ran on it is run again.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "At once, without waiting for running tasks.")
    var force = false

    @Argument(help: "Ids or container names of workers, or their beginnings.")
    var ids: [String] = []

    func run() async throws {
        let context = try CommandContext(global)
        if ids.isEmpty {
            let ending = SupervisorEnding(context: context)
            let status = try await ending.status()
            try await context.supervisor { client throws(ControlClientError) in try await client.stop(force: force) }
            let workers = context.settings.workers
            // Running tasks may take the shutdown time-out, and each worker then its stop time-out.
            try await ending.wait(for: status, limit: workers.shutdownTimeout + workers.stopTimeout + .seconds(30))
            context.console.note("acode: the supervisor of the pool \(status.pool) has ended")
            return
        }
        let all = try await context.supervisor { client throws(ControlClientError) in try await client.workers() }
        for worker in try ids.map({ try WorkerReference.choose($0, from: all) }) {
            try await context.supervisor { client throws(ControlClientError) in
                try await client.stopWorker(worker.id, force: force)
            }
            context.console.print("\(worker.id)\n")
        }
    }
}
