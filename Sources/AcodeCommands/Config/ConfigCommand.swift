internal import ArgumentParser

/// `acode config`.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check and show the configuration.",
        subcommands: [ConfigValidate.self, ConfigShow.self])
}
