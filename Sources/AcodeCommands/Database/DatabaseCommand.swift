internal import ArgumentParser

/// `acode db`.
struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Care for the database of tasks.",
        subcommands: [DatabaseMigrate.self, DatabaseStatus.self, DatabasePrune.self, DatabaseAudit.self])
}
