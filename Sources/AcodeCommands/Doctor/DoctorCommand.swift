internal import ArgumentParser
internal import Foundation
internal import Settings

/// `acode doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what is here, what is missing, and how to fix it.",
        discussion: "Changes nothing. Exits with 1 when something keeps acode from working.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Option(help: ArgumentHelp("The socket of the container engine.", valueName: "path"))
    var engineSocket: String?

    func run() async throws {
        let console = Console(global)
        let environment = ProcessInfo.processInfo.environment
        let (settings, configuration) = ConfigurationChecks.run(global, engineSocket: engineSocket, environment)
        var checks = configuration
        checks += await EngineChecks(settings: settings, environment: environment).run()
        checks += AgentChecks.run(environment: environment)
        checks += DirectoryChecks.run(settings.state)
        checks += await StoreChecks.run(settings.store)
        checks += PeerChecks.run(settings.supervisor)
        checks += await SupervisorChecks.run(settings)
        let report = DoctorReport(checks: checks)
        console.print(
            console.isJSON ? try JSONText.pretty(report.checks) : report.text(usesColor: console.usesColor))
        if !report.isHealthy { throw ExitCode(ExitCodes.failed) }
    }
}
