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
        context.console.note("acode: the supervisor of the pool \(status.pool) \(Self.words(busy: status.busy))")
        guard wait else { return }
        let end = try await Interruption.race { try await ending.wait(for: status, limit: nil) }
        if case .signal(let number) = end { throw ExitCode(ExitCodes.signal(number)) }
    }

    /// What happens to a supervisor with so many running tasks.
    static func words(busy: Int) -> String {
        switch busy {
        case 0: "ends, as nothing runs"
        case 1: "ends when its running task has finished"
        default: "ends when its \(busy) running tasks have finished"
        }
    }
}
