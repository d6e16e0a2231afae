internal import ArgumentParser
internal import ControlPlane

/// `acode worker drain`.
struct WorkerDrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Let the supervisor finish what runs, however long it takes, and then end.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(help: "Wait until it has ended.")
    var wait = false

    func run() async throws {
        let context = try CommandContext(global)
        let ending = SupervisorEnding(context: context)
        let status = try await ending.status()
        try await context.supervisor { client throws(ControlClientError) in try await client.drain() }
        let tasks = status.busy == 1 ? "1 task" : "\(status.busy) tasks"
        context.console.note("acode: the supervisor of the pool \(status.pool) ends when \(tasks) have finished")
        guard wait else { return }
        let end = try await Interruption.race { try await ending.wait(for: status, limit: nil) }
        if case .signal(let number) = end { throw ExitCode(ExitCodes.signal(number)) }
    }
}
