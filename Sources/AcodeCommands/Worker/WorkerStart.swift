internal import ArgumentParser
internal import Foundation
internal import Logging
internal import Metrics
internal import Settings
internal import Supervisor
internal import TaskStore
internal import Telemetry

/// `acode worker start`.
struct WorkerStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Run a supervisor and its pool of workers in the foreground.",
        discussion: """
            Ctrl-C or SIGTERM ends it gracefully: running tasks may finish for a while, then they are interrupted and \
            go back to their queue. A second one ends it at once.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions
    @OptionGroup(title: "Pool options") var pool: PoolOptions

    @Option(name: .shortAndLong, help: "How many tasks run at once.")
    var count: Int?

    @Option(help: ArgumentHelp("Serve only this queue; may be repeated.", valueName: "name"))
    var queue: [String] = []

    @Option(help: ArgumentHelp("What it is there for, one of roles in the configuration.", valueName: "name"))
    var role: String?

    @Option(help: ArgumentHelp("Serve health and metrics on this TCP address.", valueName: "host:port"))
    var listen: String?

    @Option(help: ArgumentHelp("How log lines look.", valueName: "auto|json|text"))
    var logFormat: String?

    @Option(help: ArgumentHelp("How long running tasks may go on after Ctrl-C.", valueName: "duration"))
    var shutdownTimeout: String?

    @Flag(
        help:
            "Take over from a running supervisor of the same pool, with its workers and without interrupting their tasks."
    )
    var handoff = false

    @Option(
        help: ArgumentHelp("How long that supervisor may take to let go; after that it goes on.", valueName: "duration")
    )
    var handoffTimeout = "30s"

    /// The settings among the options.
    var settingFlags: [FlagValue] {
        let texts: [(flag: String, path: String, text: String?)] = [
            ("--count", "workers.count", count.map(String.init)),
            ("--queue", "queue.queues", queue.isEmpty ? nil : queue.joined(separator: ",")),
            ("--role", "supervisor.role", role),
            ("--listen", "http.listen", listen),
            ("--log-format", "logs.format", logFormat),
            ("--shutdown-timeout", "workers.shutdownTimeout", shutdownTimeout),
        ]
        return pool.settingFlags
            + texts.compactMap { flag, path, text in text.map { FlagValue(flag: flag, path: path, text: $0) } }
    }

    func run() async throws {
        let context = try CommandContext(global, flags: settingFlags)
        context.showWarnings()
        OpenFileLimit.raise()
        let settings = context.settings
        let agent = try AgentLocation.find()
        // Whatever can't work has to be known before a running supervisor gives its pool up.
        let token = Result { () throws(CommandFailure) in try SupervisorProcess.token(settings.supervisor) }
        let handover = handoff ? try SupervisorHandover(context: context, limitText: handoffTimeout) : nil
        let writer = LoggingChoice.bootstrap(settings.logs, allowsColor: !global.noColor)
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let forcedBy = try await context.withStore { store in
            let logger = Logger(label: "acode")
            var options = SupervisorOptions(
                settings: settings, agentExecutable: agent, version: AcodeVersion.current)
            options.pullDisplay = PullDisplay.forSupervisor(settings.logs)
            let supervisor = Supervisor(
                options: options, store: store, layout: context.layout, logger: logger)
            try await handover?.run { kind throws(CommandFailure) in
                _ = try token.get()
                do throws(SupervisorError) { try await supervisor.checkTakeover(on: kind) } catch {
                    throw CommandFailure(error)
                }
            }
            return try await SupervisorProcess(
                supervisor: supervisor, token: try token.get(),
                target: SupervisorTarget(
                    supervisor: supervisor, store: store, metrics: metrics, lease: context.settings.queue.lease,
                    layout: context.layout),
                settings: settings, layout: context.layout, logger: logger, note: context.console.note
            ).run()
        }
        _ = writer.flush(timeout: .seconds(1))
        if let forcedBy { throw ExitCode(ExitCodes.signal(forcedBy)) }
    }
}
