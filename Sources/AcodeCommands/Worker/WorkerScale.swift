internal import ArgumentParser
internal import ControlPlane

/// `acode worker scale`.
struct WorkerScale: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Change how many tasks the pool runs at once, until its supervisor ends.",
        discussion: """
            New workers are started at once. Of those that are too many, idle ones stop, and busy ones when their tasks \
            have ended. With 0 the pool waits without a container. workers.count says how many a supervisor starts with.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Argument(help: ArgumentHelp("How many, from 0 to 256.", valueName: "number"))
    var count: Int

    func validate() throws {
        guard 0...256 ~= count else { throw ValidationError("The number of workers is from 0 to 256.") }
    }

    func run() async throws {
        let context = try CommandContext(global)
        let before = try await context.supervisor { client throws(ControlClientError) in
            let status = try await client.status()
            try await client.scale(to: count)
            return status
        }
        context.console.note("acode: the pool \(before.pool) runs \(count) tasks at once; before, \(before.slots)")
    }
}
