internal import ArgumentParser
internal import ControlPlane

/// `acode worker restart`.
struct WorkerRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Replace workers by fresh ones, and start those that are not started any more.",
        discussion: """
            A running task may finish first, or with --force is run again on another worker. Failures of these workers \
            are forgotten: one that is crashLooping or backingOff is tried at once.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(help: "All workers of the pool.")
    var all = false

    @Flag(name: .shortAndLong, help: "At once, without waiting for running tasks.")
    var force = false

    @Argument(help: "Ids or container names of workers, or their beginnings.")
    var ids: [String] = []

    func validate() throws {
        guard all == ids.isEmpty else {
            throw ValidationError(all ? "--all takes no ids." : "Name workers by their ids, or give --all.")
        }
    }

    func run() async throws {
        let context = try CommandContext(global)
        let workers = try await context.supervisor { client throws(ControlClientError) in try await client.workers() }
        if all {
            try await context.supervisor { client throws(ControlClientError) in
                try await client.restartAll(force: force)
            }
            for worker in workers { context.console.print("\(worker.id)\n") }
            return
        }
        for worker in try ids.map({ try WorkerReference.choose($0, from: workers) }) {
            try await context.supervisor { client throws(ControlClientError) in
                try await client.restartWorker(worker.id, force: force)
            }
            context.console.print("\(worker.id)\n")
        }
    }
}
