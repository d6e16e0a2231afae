internal import ArgumentParser
internal import Foundation
internal import Settings
internal import TaskModel

/// `acode run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run one command in a worker of its own, and exit with its code.",
        usage: "acode run [<options>] -- COMMAND [ARGUMENT ...]",
        discussion: """
            Needs no running supervisor. The command's output is passed on as it comes; Ctrl-C and SIGTERM stop it. \
            Exits with the command's code, 128+n when a signal ended it, 126 or 127 when it can't be started, 69 \
            when no worker can be had. The command is run once at most.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup(title: "Pool options") var pool: PoolOptions
    @OptionGroup var task: TaskOptions

    @Argument(parsing: .postTerminator, help: "The program and its arguments.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("Give a command after --.") }
    }

    func run() async throws {
        var spec = try task.spec(command: command)
        if let path = task.stdinFile { spec.stdin = try InputFile.text(path, limit: 1 << 20, flag: "--stdin-file") }
        spec.outputs = spec.outputs.map { $0.map { OutputOption.placed($0) } }
        try TaskSpecCheck.check(spec)
        let context = try CommandContext(global, flags: pool.settingFlags)
        context.showWarnings()
        OpenFileLimit.raise()
        // Where the configuration limits nothing, whoever may run this reaches all of it by other means too.
        if let egress = spec.egress, context.settings.workers.networkLimit != nil,
            let mistake = context.settings.workers.mistake(in: egress)
        {
            throw CommandFailure(ExitCodes.usage, mistake, hint: "ask for less, or change the configuration")
        }
        if spec.egress?.isRestricted == true, context.settings.workers.mode == .local,
            !context.settings.workers.fallbackIgnoresNetwork
        {
            throw CommandFailure(
                ExitCodes.usage, "--egress: a local process can't be kept from connecting elsewhere",
                hint: "leave out --mode local, or set workers.fallbackIgnoresNetwork to true")
        }
        let code = try await OneOffPool(context: context, spec: spec, isQuiet: global.logLevel == nil).run()
        if code != 0 { throw ExitCode(code) }
    }
}
