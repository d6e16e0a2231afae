internal import ArgumentParser
internal import ContainerEngine
internal import ControlPlane
internal import Supervisor

/// `acode worker logs`.
struct WorkerLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what a worker's container wrote: its tasks and its agent.",
        discussion: "For the exact output of one task use `acode task logs`.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Go on until the worker ends.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Begin with the last lines.", valueName: "number"))
    var tail: Int?

    @Argument(help: "The worker's id or container name, or its beginning.")
    var id: String

    func validate() throws {
        if let tail, tail < 0 { throw ValidationError("--tail is a number of lines, 0 or more.") }
    }

    func run() async throws {
        let context = try CommandContext(global)
        let end = try await Interruption.race {
            let workers = try await context.supervisor { client throws(ControlClientError) in try await client.workers()
            }
            let worker = try WorkerReference.choose(id, from: workers)
            let sink = OutputSink()
            try await context.supervisor { client throws(ControlClientError) in
                try await client.workerLogs(worker.id, tail: tail, follow: follow) { frame in
                    await sink.write(frame.bytes, to: frame.stream == .stdout ? .standardOutput : .standardError)
                }
            }
        }
        if case .signal(let number) = end { throw ExitCode(ExitCodes.signal(number)) }
    }
}
