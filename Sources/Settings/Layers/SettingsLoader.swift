import Glibc

/// Brings all sources together (C-2): defaults < file < overlay of `ACODE_ENV` < variables < flags.
///
/// A list or a mapping of free keys replaces the one of a lower source as a whole.
package enum SettingsLoader {
    /// The settings and where each came from. Reads the configuration file, which blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - configPath: the file named by `--config`.
    ///   - environment: the variables of the process.
    ///   - flags: settings given on the command line.
    ///   - workingDirectory: where relative paths begin; absolute.
    ///   - userID: the effective user, for the default directories and the default user of containers.
    ///   - groupID: the effective group.
    /// - Throws: every mistake of every source.
    package static func load(
        configPath: String?, environment: [String: String], flags: [FlagValue], workingDirectory: String,
        userID: UInt32 = geteuid(), groupID: UInt32 = getegid()
    ) throws(ConfigurationError) -> ResolvedSettings {
        var sources = FileSources()
        sources.read(configPath: configPath, environment: environment, workingDirectory: workingDirectory)
        let layers = sources.layers + [EnvironmentLayer.read(environment), FlagLayer.read(flags)]
        var defaults = Settings(state: .defaults(environment: environment, userID: userID))
        // Who is not root can't give files away, so that only a container of the same user can use them.
        if userID != 0 {
            defaults.workers.docker.user = ContainerUser(uid: userID, gid: groupID == 0 ? userID : groupID)
        }
        var resolution = Resolution(defaults: defaults)
        for layer in layers { resolution.apply(layer) }
        resolution.finish()
        let problems = sources.problems + resolution.problems
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        return ResolvedSettings(
            settings: resolution.settings, origins: resolution.origins,
            warnings: sources.warnings + resolution.warnings, files: sources.names)
    }

    /// The names of the environments that have an overlay beside the configuration file, in order (C-4).
    package static func environments(
        configPath: String?, environment: [String: String], workingDirectory: String
    ) -> [String] {
        let files = ConfigurationFiles.candidates(
            configPath: configPath, environment: environment, workingDirectory: workingDirectory)
        guard let file = files.first(where: { access($0.path, F_OK) == 0 }) else { return [] }
        return FileSources.environments(beside: file)
    }
}
