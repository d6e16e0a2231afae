internal import AgentProtocol
internal import Foundation
internal import Glibc
internal import Logging
internal import Settings
internal import Supervisor
internal import TaskModel
internal import TaskStore
internal import Telemetry
internal import UnixSignals

/// A pool of one worker that runs one task and ends.
struct OneOffPool: Sendable {
    let context: CommandContext
    let spec: TaskSpec
    /// Whether only what is wrong is logged.
    let isQuiet: Bool

    /// Runs the task and returns what to exit with.
    func run() async throws -> Int32 {
        let agent = try AgentLocation.find()
        let place = try OneOffPlace(context.settings.state)
        defer { place.remove() }
        let settings = Self.settings(context.settings, place: place, task: spec)
        let writer = LoggingChoice.bootstrap(settings.logs, allowsColor: !context.console.isColorForbidden)
        defer { _ = writer.flush(timeout: .seconds(1)) }
        return try await context.withStore(at: settings.store.path) { store in
            try await run(in: store, settings, StateLayout(state: place.state, pool: place.pool), agent: agent)
        }
    }

    /// The settings of the pool: private directories, one worker, the mounts of this call beside those of the
    /// configuration, and no second attempt, because nobody said that the command may be repeated.
    static func settings(_ base: Settings, place: OneOffPlace, task: TaskSpec) -> Settings {
        var settings = base
        settings.state = place.state
        settings.store = StoreSettings()
        settings.store.path = "\(place.state.dir)/\(StoreSettings.fileName)"
        settings.workers.pool = place.pool
        settings.workers.count = 1
        settings.workers.spares = 0
        settings.workers.autoscale = AutoscaleSettings()
        settings.workers.docker.mounts += task.mounts
        settings.workers.egress = task.egress ?? settings.workers.egress
        // Whoever may run this may read and write what it names by other means too.
        settings.workers.docker.allowedMounts += [task.worktree?.path, task.worktree?.git?.repo].compactMap { $0 }
        settings.outputs.allowedDirectories += (task.outputs ?? []).compactMap(\.to).map {
            ($0 as NSString).deletingLastPathComponent
        }
        // Its state directory goes with it.
        settings.scratch.keep = .never
        settings.queue.queues = []
        settings.supervisor.role = nil
        settings.queue.maxDeliveries = 1
        // Nobody else could take the task.
        settings.queue.maxLease = nil
        settings.http.listen = nil
        // What is logged here is for the person at the terminal, or for the log of a CI job.
        if settings.logs.format == .auto { settings.logs.format = .text }
        return settings
    }

    private func run(
        in store: any TaskStore, _ settings: Settings, _ layout: StateLayout, agent: String
    ) async throws -> Int32 {
        try await cancelLeftovers(in: store)
        var spec = spec
        spec.mounts = []
        spec.egress = nil
        spec.retry = RetryPolicy()
        guard let task = try await store.submit([spec]).first else {
            throw CommandFailure(ExitCodes.internal, "the store took no task")
        }
        var options = SupervisorOptions(settings: settings, agentExecutable: agent, version: AcodeVersion.current)
        options.exitsWhenIdle = true
        if !isQuiet { options.pullDisplay = PullDisplay.forSupervisor(settings.logs) }
        let (readerGone, tell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        options.tap = SinkTap(sink: OutputSink(), readerGone: tell)
        var logger = Logger(label: "acode")
        if isQuiet { logger.logLevel = .warning }
        let supervisor = Supervisor(options: options, store: store, layout: layout, logger: logger)
        let signal = try await supervise(supervisor, task.id, store, readerGone: readerGone)
        guard let end = try await store.task(task.id) else {
            throw CommandFailure(ExitCodes.internal, "the task is gone from the store")
        }
        if signal == nil, let words = Self.explanation(of: end) { context.console.note("acode: \(words)") }
        return signal.map(ExitCodes.signal) ?? Self.exitCode(of: end)
    }

    /// What a killed program left unfinished is not begun again.
    private func cancelLeftovers(in store: any TaskStore) async throws {
        let unfinished = TaskState.allCases.filter { !$0.isTerminal }
        for task in try await store.tasks(matching: TaskFilter(states: Set(unfinished), limit: 1000)) {
            _ = try await store.cancel(task.id, reason: "its program was killed")
        }
    }

    /// Runs the supervisor; the first signal cancels the task, the second ends everything at once. That nobody reads the
    /// output any more counts as a signal too. Returns the first.
    private func supervise(
        _ supervisor: Supervisor, _ task: TaskID, _ store: any TaskStore, readerGone: AsyncStream<Void>
    ) async throws -> Int32? {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let first = Forced()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await signal in signals {
                    guard first.signal == nil else {
                        supervisor.shutDown(force: true)
                        continue
                    }
                    first.signal = signal.rawValue
                    try await cancel(task, in: store, supervisor, reason: "acode run was stopped by \(signal)")
                }
            }
            group.addTask {
                for await _ in readerGone {
                    first.signal = SIGPIPE
                    try await cancel(task, in: store, supervisor, reason: "nobody reads the output any more")
                }
            }
            do throws(SupervisorError) {
                try await supervisor.run()
            } catch {
                group.cancelAll()
                throw CommandFailure(error)
            }
            group.cancelAll()
        }
        return first.signal
    }

    private func cancel(
        _ task: TaskID, in store: any TaskStore, _ supervisor: Supervisor, reason: String
    ) async throws {
        let cancelled = try await store.cancel(task, reason: reason)
        supervisor.checkLeases()
        // It may not have been claimed yet, and then nobody else ends the pool.
        if cancelled?.state.isTerminal ?? true { supervisor.shutDown(force: false) }
    }

    /// The command's own code; 69 when there was no worker for it.
    static func exitCode(of task: QueuedTask) -> Int32 {
        task.outcome == .workerUnavailable ? ExitCodes.unavailable : ExitCodes.of(task)
    }

    /// What is said about the end, `nil` when the exit code says it all.
    static func explanation(of task: QueuedTask) -> String? {
        if task.state == .complete { return nil }
        if task.outcome == .failed, let code = task.exitCode, code < 128 { return nil }
        return task.reason ?? "the command ended without a reason on record"
    }
}

/// Passes the output of the task on.
private struct SinkTap: OutputTap {
    let sink: OutputSink
    let readerGone: AsyncStream<Void>.Continuation

    func output(_ stream: OutputChunk.Stream, _ bytes: ArraySlice<UInt8>) async {
        await sink.write(Array(bytes), to: stream == .standardOutput ? .standardOutput : .standardError)
        if await sink.isBroken { readerGone.yield() }
    }
}
