internal import ArgumentParser

/// The root of all commands.
struct AcodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acode",
        abstract: "Runs commands in a pool of supervised containers.",
        discussion: """
            Start a pool with `acode worker start`, then give it work with `acode task submit -- COMMAND`. \
            `acode run -- COMMAND` does both for a single command. `acode doctor` says what is missing.

            \(ExitCodes.help)
            """,
        version: AcodeVersion.current,
        subcommands: [
            RunCommand.self, WorkerCommand.self, TaskCommand.self, QueueCommand.self, ImageCommand.self,
            ConfigCommand.self, DatabaseCommand.self, DoctorCommand.self, GarbageCommand.self,
        ])
}
