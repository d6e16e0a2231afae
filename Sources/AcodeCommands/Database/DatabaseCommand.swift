internal import ArgumentParser

/// `acode db`.
struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Care for the database of tasks.",
        subcommands: [DatabasePrune.self, DatabaseAudit.self])
}
