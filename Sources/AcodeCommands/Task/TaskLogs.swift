internal import ArgumentParser
internal import Foundation
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// `acode task logs`.
struct TaskLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what a task wrote, stdout to stdout and stderr to stderr.",
        discussion: "Prints the last attempt's output, byte for byte. With --json, one object for each line.")

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Go on until the task ends, into later attempts too.")
    var follow = false

    @Option(help: ArgumentHelp("Only this attempt; 1 is the first.", valueName: "number"))
    var attempt: Int?

    @Argument(help: "The task's id, or its beginning.")
    var id: String

    func run() async throws {
        let context = try CommandContext(global)
        let end = try await Interruption.race {
            try await context.withStore { store in
                let task = try await TaskReference.task(id, in: store)
                let attempts = try await store.attempts(of: task.id)
                if let attempt, !attempts.contains(where: { $0.attempt == attempt }), !follow || task.state.isTerminal {
                    throw CommandFailure(
                        ExitCodes.failed, "the task \(task.id) has no attempt \(attempt); it has \(attempts.count)")
                }
                let range = attempt.map { FollowState.Range.only($0) } ?? .from(attempts.last?.attempt ?? 1)
                var follower = TaskFollower(task, range: range, sources: LogSources(context))
                let output = TaskOutput()
                let isJSON = context.console.isJSON
                if follow {
                    var loop = FollowLoop(
                        store: store, followers: [follower], output: { try await write($1, output, isJSON: isJSON) },
                        ended: { _, follower in try Self.requireAll(follower, context) })
                    _ = try await loop.run()
                } else {
                    try await follower.refresh(store)
                    while case let entries = try await follower.next(), !entries.isEmpty {
                        try await write(entries, output, isJSON: isJSON)
                    }
                    try Self.requireAll(follower, context)
                }
            }
        }
        if case .signal(let number) = end { throw ExitCode(ExitCodes.signal(number)) }
    }

    private func write(_ entries: [ContainerLogFormat.Entry], _ output: TaskOutput, isJSON: Bool) async throws {
        guard isJSON else { return try await output.write(entries) }
        let lines = entries.compactMap { try? JSONText.line(LogLine($0)) }
        try await output.write(lines.joined())
    }

    /// Says which machine has what could not be read.
    private static func requireAll(_ follower: TaskFollower, _ context: CommandContext) throws {
        guard let missing = follower.elsewhere.last else { return }
        for other in follower.elsewhere.dropLast() { context.console.note("acode: \(other.words)") }
        throw CommandFailure(
            ExitCodes.failed, missing.words,
            hint: "run `acode task logs \(follower.id) --attempt \(missing.attempt.attempt)` there")
    }
}

/// One entry of a log as JSON; bytes that are no text come as base 64.
struct LogLine: Encodable {
    var time: String
    var stream: String
    var text: String?
    var base64: String?

    init(_ entry: ContainerLogFormat.Entry) {
        time = entry.time
        stream = entry.stream.rawValue
        text = String(validating: entry.bytes, as: UTF8.self)
        if text == nil { base64 = Data(entry.bytes).base64EncodedString() }
    }
}
