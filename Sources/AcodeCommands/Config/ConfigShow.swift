internal import ArgumentParser
internal import Settings

/// `acode config show`.
struct ConfigShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print every setting with its value.",
        discussion: "The output can be used as a configuration file; values of secrets are never in it.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(help: "Say of each value where it came from.")
    var origin = false

    func run() async throws {
        let context = try CommandContext(global)
        context.showWarnings()
        if context.console.isJSON {
            context.console.print(try JSONText.pretty(try SettingsTree.of(context.resolved, origins: origin)))
        } else {
            context.console.print(context.resolved.render(origins: origin))
        }
    }
}
