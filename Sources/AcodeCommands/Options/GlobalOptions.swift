internal import ArgumentParser
internal import Settings

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Where tasks, logs and the database are kept.", valueName: "directory"))
    var stateDir: String?

    @Option(help: ArgumentHelp("Where sockets and secrets are kept.", valueName: "directory"))
    var runtimeDir: String?

    @Option(help: ArgumentHelp("The pool of workers.", valueName: "name"))
    var pool: String?

    @Option(help: ArgumentHelp("The least severe log messages shown.", valueName: "level"))
    var logLevel: String?

    @Flag(help: "Print JSON on standard output.")
    var json = false

    @Flag(help: "Never use colours.")
    var noColor = false

    /// The settings among them.
    var settingFlags: [FlagValue] {
        [
            stateDir.map { FlagValue(flag: "--state-dir", path: "state.dir", text: AbsolutePath.of($0)) },
            runtimeDir.map { FlagValue(flag: "--runtime-dir", path: "state.runtimeDir", text: AbsolutePath.of($0)) },
            pool.map { FlagValue(flag: "--pool", path: "workers.pool", text: $0) },
            logLevel.map { FlagValue(flag: "--log-level", path: "logs.level", text: $0) },
        ].compactMap { $0 }
    }
}

/// The option of commands that print things with an id.
struct QuietOption: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Print only ids, one a line.")
    var quiet = false
}
