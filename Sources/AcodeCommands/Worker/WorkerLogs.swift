internal import ArgumentParser
internal import ContainerEngine
internal import ControlPlane
internal import Foundation
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore

/// `acode worker logs`.
struct WorkerLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what a worker wrote.",
        discussion: """
            Of a container: what its tasks and its agent wrote, as the engine keeps it. Of a local worker, and of one that \
            is gone: what its tasks wrote, as acode keeps it; so with --follow, which goes on when another supervisor takes \
            the worker over. For the exact output of one task use `acode task logs`.
            """)

    @OptionGroup(title: "Global options") var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Go on until the worker ends.")
    var follow = false

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Begin with the last lines.", valueName: "number"))
    var tail: Int?

    @Option(help: ArgumentHelp("Only what came since, as 10m or 2026-11-21T08:00:00Z.", valueName: "time"))
    var since: String?

    @Argument(help: "The worker's id or container name, or its beginning.")
    var id: String

    func validate() throws {
        if let tail, tail < 0 { throw ValidationError("--tail is a number of lines, 0 or more.") }
        if let since, MomentText.parse(since) == nil {
            throw ValidationError(
                "--since takes how long ago, as 10m, or a time, as 2026-11-21T08:00:00Z, not \"\(since)\".")
        }
    }

    func run() async throws {
        let context = try CommandContext(global)
        let since = since.flatMap { MomentText.parse($0) }
        let end = try await Interruption.race {
            // The living first: of a container the engine has more, the agent's own words.
            let workers = try await living(context)
            guard let worker = try choose(from: workers ?? []) else {
                return try await showHistory(nil, since, context, hasSupervisor: workers != nil)
            }
            guard worker.containerID != nil, !follow else { return try await showHistory(worker, since, context) }
            let sink = OutputSink()
            try await context.supervisor { client throws(ControlClientError) in
                try await client.workerLogs(worker.id, tail: tail, since: since) { frame in
                    await sink.write(frame.bytes, to: frame.stream == .stdout ? .standardOutput : .standardError)
                }
            }
        }
        if case .signal(let number) = end { throw ExitCode(ExitCodes.signal(number)) }
    }

    /// The workers there are; `nil` without a supervisor.
    private func living(_ context: CommandContext) async throws -> [WorkerSummary]? {
        do throws(ControlClientError) {
            return try await context.controlClient().workers()
        } catch {
            // One that just ended or begins may have taken the connection and not answer.
            let isEnding = follow && [.noAnswer, .connectionLost].contains(error.code)
            guard error.code == .noSupervisor || isEnding else {
                throw CommandFailure(error, pool: context.settings.workers.pool)
            }
            return nil
        }
    }

    /// The worker that is meant; `nil` when it is none of these.
    private func choose(from workers: [WorkerSummary]) throws -> WorkerSummary? {
        guard workers.contains(where: { WorkerReference.isMeant($0, by: id) }) else { return nil }
        return try WorkerReference.choose(id, from: workers)
    }

    private func showHistory(
        _ worker: WorkerSummary?, _ since: Date?, _ context: CommandContext, hasSupervisor: Bool = true
    ) async throws {
        try await context.withStore { store in
            var found = worker.map { WorkerHistory(living: WorkerID(rawValue: $0.id), layout: context.layout) }
            if found == nil { found = try await WorkerHistory(id, in: store, layout: context.layout) }
            guard var history = found else {
                guard hasSupervisor else {
                    throw CommandFailure(.init(.noSupervisor, ""), pool: context.settings.workers.pool)
                }
                throw CommandFailure(
                    ExitCodes.failed, "there is no worker \(id), and none of that name has run a task",
                    hint: "`acode worker list` shows the workers of this pool")
            }
            let output = TaskOutput()
            var selection = LogSelection(since: since, tail: tail)
            var presence = FollowPresence(limit: context.settings.queue.lease)
            var isAlive = follow
            while true {
                try await history.refresh(store)
                while case let entries = await history.next(), !entries.isEmpty {
                    try await output.write(selection.take(entries))
                }
                try await output.write(selection.flush())
                // Once more after its end, for what it wrote last.
                guard isAlive else { break }
                selection = LogSelection(since: since, tail: nil)
                try await Task.sleep(for: .milliseconds(300))
                isAlive = try await mayWrite(history.worker, store, context, &presence)
            }
            if follow { context.console.note("acode: the worker \(history.worker) is gone") }
        }
    }

    private func mayWrite(
        _ worker: WorkerID, _ store: any TaskStore, _ context: CommandContext, _ presence: inout FollowPresence
    ) async throws -> Bool {
        // The supervisor first: the row of a worker that ended with it goes before another answers.
        let hasSupervisor = try await living(context) != nil
        let rows = try await store.workers(installation: context.layout.installationID ?? "")
        let hasRow = rows.contains { $0.id == worker }
        let pool = context.settings.workers.pool
        switch presence.judge(hasRow: hasRow, hasSupervisor: hasSupervisor, now: .now) {
        case .ended: return false
        case .goOn: break
        case .lost: context.console.note("acode: the pool \(pool) has no supervisor now; waiting for another")
        case .back: context.console.note("acode: the pool \(pool) has a supervisor again")
        case .givenUp:
            throw CommandFailure(
                ExitCodes.unavailable,
                "no supervisor of the pool \(pool) came back within \(DurationText.format(presence.limit))",
                hint: "its workers have given up by now; start one with `acode worker start`")
        }
        return true
    }
}
