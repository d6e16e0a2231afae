import Foundation
import Settings
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor

/// A whole supervisor in this process: local workers with the real agent, and a real store on disk.
struct TestSupervisor: Sendable {
    let supervisor: Supervisor
    let store: SQLiteTaskStore
    let layout: StateLayout
    let scratch: Scratch

    /// Makes one over a store that may have lived before.
    /// The supervisor itself uses what `standIn` makes of the store.
    init(
        in scratch: Scratch, workers: Int = 3, clock: any StoreClock = SystemStoreClock(),
        _ change: (inout Settings) -> Void = { _ in },
        behind standIn: (SQLiteTaskStore) -> any TaskStore = { $0 }
    ) async throws {
        let settings = Settings.test(in: scratch) {
            $0.workers.mode = .local
            $0.workers.count = workers
            $0.workers.stopTimeout = .seconds(5)
            $0.queue.heartbeat = .milliseconds(100)
            $0.queue.sweepInterval = .milliseconds(100)
            change(&$0)
        }
        self.scratch = scratch
        layout = StateLayout(state: settings.state, pool: settings.workers.pool)
        store = try await SQLiteTaskStore(path: settings.store.path, clock: clock)
        supervisor = Supervisor(
            options: SupervisorOptions(settings: settings, agentExecutable: builtAgent, version: "1"),
            store: standIn(store),
            layout: layout, logger: .silent)
    }

    /// The identity of its state directory.
    func installation() throws -> String {
        try layout.prepare()
        return try layout.installation().id
    }

    /// Runs `body` beside the supervisor, and shuts it down afterwards: gracefully, or by force if the body fails.
    func run(_ body: @Sendable () async throws -> Void) async throws {
        async let life: Void = supervisor.run()
        do {
            try await body()
            supervisor.shutDown(force: false)
            try await life
        } catch {
            supervisor.shutDown(force: true)
            try? await life
            throw error
        }
    }

    @discardableResult
    func submit(_ scripts: [String], retry: RetryPolicy = RetryPolicy()) async throws -> [TaskID] {
        let tasks = try await store.submit(
            scripts.map { TaskSpec(command: ["/bin/sh", "-c", $0], retry: retry) })
        supervisor.wake()
        return tasks.map(\.id)
    }

    /// Waits until a task is in a state and returns it.
    @discardableResult
    func wait(for id: TaskID, in states: Set<TaskState>) async throws -> QueuedTask {
        try await eventually("task \(id) in \(states.map(\.rawValue).sorted())", within: .seconds(60)) {
            guard let task = try await store.task(id), states.contains(task.state) else { return nil }
            return task
        }
    }

    /// Waits until the command of a task has said something.
    /// Also for the record of its start, which may come to the store after the first output came to the log.
    func waitForOutput(of id: TaskID, attempt: Int = 1) async throws {
        try await eventually("output of \(id)", within: .seconds(60)) {
            (FileManager.default.contents(atPath: layout.log(task: id, attempt: attempt))?.count ?? 0) > 0
        }
        try await eventually("the start of \(id)", within: .seconds(60)) {
            try await store.events(of: id, after: 0).contains { $0.kind == .started && $0.attempt == attempt }
        }
    }

    func kinds(_ id: TaskID) async throws -> [TaskEvent.Kind] {
        try await store.events(of: id, after: 0).map(\.kind)
    }

    func output(_ id: TaskID, attempt: Int = 1) throws -> String {
        String(decoding: try LogReader(layout.log(task: id, attempt: attempt)).bytes(), as: UTF8.self)
    }
}
