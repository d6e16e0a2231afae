import Foundation
import Logging
import Settings
import TaskModel
import TestSupport
import WorkerPool

@testable import Supervisor

extension Settings {
    /// The defaults, with all state in a scratch directory.
    static func test(in scratch: Scratch, _ change: (inout Settings) -> Void = { _ in }) -> Settings {
        var settings = Settings(
            state: StateSettings(dir: "\(scratch.path)/state", runtimeDir: "\(scratch.path)/run"))
        change(&settings)
        return settings
    }
}

extension Logger {
    /// A logger nobody reads.
    static let silent = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
}

extension QueuedTask {
    static func test(_ spec: TaskSpec) -> QueuedTask {
        var task = QueuedTask(id: TaskID(rawValue: "task-1"), spec: spec, createdAt: Date())
        task.attempt = 2
        task.deliveries = 2
        return task
    }
}

/// The built agent: `ACODE_AGENT_PATH`, else the one beside this test's bundle.
let builtAgent =
    ProcessInfo.processInfo.environment["ACODE_AGENT_PATH"]
    ?? URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    .appendingPathComponent("acode-agent").path

extension WorkerContext {
    /// For workers that are never started.
    static func idle(in scratch: Scratch) -> WorkerContext {
        WorkerContext(
            pool: "tests", supervisor: .next(), installation: "i", version: "1", host: "h", agentExecutable: builtAgent,
            runtimeDirectory: "\(scratch.path)/run", stateDirectory: "\(scratch.path)/state",
            startTimeout: .seconds(30), stopTimeout: .seconds(10), orphanTimeout: .seconds(20), journal: NoJournal(),
            logger: .silent)
    }
}

private struct NoJournal: WorkerJournal {
    func record(_ worker: WorkerRecord) async throws {}
    func forget(_ worker: WorkerID) async {}
}
