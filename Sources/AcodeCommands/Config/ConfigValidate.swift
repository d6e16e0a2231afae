internal import ArgumentParser
internal import Foundation
internal import Settings

/// `acode config validate`.
struct ConfigValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check the configuration, for every environment that has an overlay.",
        discussion: "Prints every mistake with its file, line and column, and exits with 78 when there is one.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Option(help: ArgumentHelp("Only this environment, as ACODE_ENV names it. May be repeated.", valueName: "name"))
    var env: [String] = []

    func run() async throws {
        let console = Console(global)
        let reports = Self.check(global, environments: env, variables: ProcessInfo.processInfo.environment)
        if console.isJSON {
            console.print(try JSONText.pretty(reports))
        } else {
            for report in reports { console.print(report.text) }
        }
        if reports.contains(where: { !$0.isValid }) { throw ExitCode(ExitCodes.configuration) }
    }

    /// Checks the configuration without an overlay and with each, or with those that were asked for.
    static func check(_ global: GlobalOptions, environments: [String], variables: [String: String]) -> [ConfigReport] {
        let directory = FileManager.default.currentDirectoryPath
        let found = SettingsLoader.environments(
            configPath: global.config, environment: variables, workingDirectory: directory)
        let wanted: [String?] = environments.isEmpty ? [nil] + found : environments
        return wanted.map { name in
            var variables = variables
            variables["ACODE_ENV"] = name
            do throws(ConfigurationError) {
                let resolved = try SettingsLoader.load(
                    configPath: global.config, environment: variables, flags: global.settingFlags,
                    workingDirectory: directory)
                return ConfigReport(
                    environment: name, files: resolved.files, problems: [],
                    warnings: resolved.warnings.map(\.description))
            } catch {
                return ConfigReport(
                    environment: name, files: [], problems: error.problems.map(\.description), warnings: [])
            }
        }
    }
}

/// What checking one environment found.
struct ConfigReport: Encodable, Equatable {
    /// As `ACODE_ENV` names it; `nil` without one.
    var environment: String?
    /// The files that were read.
    var files: [String]
    var problems: [String]
    var warnings: [String]

    var isValid: Bool { problems.isEmpty }

    private enum CodingKeys: String, CodingKey { case environment, files, problems, warnings, valid }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(environment, forKey: .environment)
        try container.encode(files, forKey: .files)
        try container.encode(problems, forKey: .problems)
        try container.encode(warnings, forKey: .warnings)
        try container.encode(isValid, forKey: .valid)
    }

    /// For people.
    var text: String {
        let source = files.isEmpty ? "defaults" : files.joined(separator: " + ")
        let head =
            isValid
            ? "ok    \(environment.map { "environment \($0)" } ?? "no environment"): \(source)\n"
            : "wrong \(environment.map { "in environment \($0)" } ?? "without an environment"):\n"
        return head + (problems + warnings.map { "warning: \($0)" }).map { "      \($0)\n" }.joined()
    }
}
