internal import Foundation
internal import Settings

/// Whether the configuration is valid.
enum ConfigurationChecks {
    /// The settings the other checks go by: those of the configuration, or the defaults when it is wrong.
    static func run(
        _ global: GlobalOptions, engineSocket: String?, _ environment: [String: String]
    ) -> (Settings, [DoctorCheck]) {
        let socket = engineSocket.map {
            FlagValue(flag: "--engine-socket", path: "workers.docker.socket", text: $0)
        }
        do throws(ConfigurationError) {
            let resolved = try SettingsLoader.load(
                configPath: global.config, environment: environment,
                flags: global.settingFlags + [socket].compactMap { $0 },
                workingDirectory: FileManager.default.currentDirectoryPath)
            let files = resolved.files.isEmpty ? "no file, defaults only" : resolved.files.joined(separator: " + ")
            return (
                resolved.settings,
                [.ok("configuration", files)]
                    + resolved.warnings.map { .warn("configuration", $0.description, fix: $0.hint) }
            )
        } catch {
            let state = StateSettings.defaults(environment: environment, userID: geteuid())
            return (
                Settings(state: state),
                error.problems.map { problem in
                    var bare = problem
                    bare.hint = nil
                    return .fail("configuration", bare.description, fix: problem.hint)
                }
            )
        }
    }
}
