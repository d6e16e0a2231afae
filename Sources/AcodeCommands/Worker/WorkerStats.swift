internal import ArgumentParser
internal import ControlPlane
internal import Settings

/// `acode worker stats`.
struct WorkerStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what workers use: CPU in percent of a core, memory, processes, bytes.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Show it anew at every measurement until Ctrl-C. With --json, one array a line.")
    var watch = false

    @Argument(help: "Only these workers.")
    var ids: [String] = []

    func run() async throws {
        let context = try CommandContext(global)
        guard watch else { return try context.console.show(.stats(try await workers(context))) }
        let end = try await Interruption.race {
            while true {
                let workers = try await workers(context)
                let console = context.console
                if console.isJSON {
                    console.print(try JSONText.line(workers))
                } else {
                    let table = try Listing.stats(workers).text(.table, usesColor: console.usesColor)
                    // On a terminal each table takes the place of the one before: home, text, erase what is below.
                    console.print(console.isTerminal ? "\u{1B}[H\u{1B}[2J\(table)" : "\(table)\n")
                }
                try await Task.sleep(for: context.settings.workers.statsInterval)
            }
        }
        if case .signal = end { return }
    }

    private func workers(_ context: CommandContext) async throws -> [WorkerSummary] {
        let all = try await context.supervisor { client throws(ControlClientError) in try await client.workers() }
        return ids.isEmpty ? all : try ids.map { try WorkerReference.choose($0, from: all) }
    }
}
