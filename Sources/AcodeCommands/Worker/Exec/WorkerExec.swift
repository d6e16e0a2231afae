internal import ArgumentParser
internal import ContainerEngine
internal import ControlPlane
internal import Glibc
internal import Logging
internal import Settings

/// `acode worker exec`.
struct WorkerExec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec", abstract: "Run a command in a worker's container, for looking around.",
        discussion: """
            It runs beside the worker's task, as the same user and within the same limits. The exit code is the
            command's. With -t its terminal is this one, and stdout and stderr are one stream.
              acode worker exec -it ID -- sh
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Send standard input to the command.")
    var interactive = false

    @Flag(name: .shortAndLong, help: "Give the command a terminal; with -i standard input must be one.")
    var tty = false

    @Option(name: .shortAndLong, help: ArgumentHelp("A variable of the command. Repeatable.", valueName: "name=value"))
    var env: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("Where it starts.", valueName: "directory"))
    var workdir: String?

    @Argument(help: "The worker's id or container name, or its beginning.")
    var id: String

    @Argument(parsing: .postTerminator, help: "The command and its arguments.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty {
            throw ValidationError("No command. Write it after two dashes: acode worker exec -it \(id) -- sh")
        }
        if let wrong = env.first(where: { !$0.dropFirst().contains("=") || $0.hasPrefix("=") }) {
            throw ValidationError("--env takes name=value, not \"\(wrong)\".")
        }
    }

    func run() async throws {
        let context = try CommandContext(global)
        if interactive, tty, isatty(STDIN_FILENO) != 1 {
            throw CommandFailure(
                ExitCodes.usage, "standard input is no terminal", hint: "leave -t out: acode worker exec -i …")
        }
        let (status, workers) = try await context.supervisor { client throws(ControlClientError) in
            (try await client.status(), try await client.workers())
        }
        let worker = try WorkerReference.choose(id, from: workers)
        let entry = WorkerEntry(worker: worker, stateDirectory: context.settings.state.dir)
        let container = try entry.container()
        guard let engine = status.engine else { throw entry.refusal(nil) }
        let code = try await enter(container, entry, socket: engine.socket)
        if code != 0 { throw ExitCode(code) }
    }

    private func enter(
        _ container: String, _ entry: WorkerEntry, socket: String
    ) async throws(CommandFailure) -> Int32 {
        let state: ContainerStatus?
        do throws(EngineError) {
            let client = try await EngineClient.connect(
                to: EngineEndpoint(socketPath: socket),
                logger: Logger(label: "acode") { _ in SwiftLogNoOpLogHandler() })
            defer { client.shutdown() }
            let session = ExecSession(
                engine: client, container: container,
                configuration: ExecConfiguration(
                    command: command, attachesInput: interactive, hasTerminal: tty, environment: variables,
                    workingDirectory: workdir))
            do throws(EngineError) {
                return try await session.run()
            } catch  where error.isConflict || error.isNotFound {
                // It may have ended between the supervisor's look at it and now.
                state = try await client.inspectContainer(container)?.state.status
                if state == .running { throw error }
            }
        } catch {
            throw CommandFailure(
                error.isEngineUnavailable ? ExitCodes.unavailable : ExitCodes.failed,
                "can't run a command in the worker \(entry.worker.id): \(error.message)", hint: error.hint)
        }
        throw entry.refusal(state)
    }

    private var variables: [String: String] {
        Dictionary(
            env.map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }
        ) { _, last in last }
    }
}
