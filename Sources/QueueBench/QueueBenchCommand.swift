internal import ArgumentParser

/// The program's commands. Each prints one JSON object and ends with 0, or with 1 when what it proves is not so.
struct QueueBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acode-queue-bench",
        abstract: "Drives the durable queue itself, without workers and processes, to measure it.",
        subcommands: [
            SubmitCommand.self, WorkCommand.self, LatencyCommand.self, PruneCommand.self, HistoryCommand.self,
        ])
}

/// Options of every command.
struct StoreOptions: ParsableArguments {
    @Option(help: "A URL of PostgreSQL, or the path of a SQLite file.")
    var store: String

    @Option(help: "The most connections to PostgreSQL.")
    var connections = 4
}

/// Runs the program.
package enum QueueBenchProgram {
    /// Parses the command line, runs the command and ends the process with its exit code when that isn't 0.
    package static func main() async { await QueueBenchCommand.main() }
}
