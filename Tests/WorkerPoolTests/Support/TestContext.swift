import Foundation
import Logging
import TaskModel
import TestSupport

@testable import WorkerPool

/// Keeps workers' rows in memory, as a store would, and can refuse to.
final class MemoryJournal: WorkerJournal, @unchecked Sendable {
    struct Refused: Error {}

    // Unchecked because the lock guards both.
    private let lock = NSLock()
    private var rows: [WorkerID: WorkerRecord] = [:]
    private var written: [WorkerRecord] = []
    private let refuses: Bool

    init(refuses: Bool = false) { self.refuses = refuses }

    /// The rows that are there now.
    var current: [WorkerRecord] { lock.withLock { Array(rows.values) } }

    /// Every row that was ever written.
    var history: [WorkerRecord] { lock.withLock { written } }

    func record(_ worker: WorkerRecord) async throws {
        if refuses { throw Refused() }
        lock.withLock {
            rows[worker.id] = worker
            written.append(worker)
        }
    }

    func forget(_ worker: WorkerID) async { lock.withLock { rows[worker] = nil } }
}

extension WorkerContext {
    /// The built agent: `ACODE_AGENT_PATH`, else the one beside this test's bundle.
    static let builtAgent =
        ProcessInfo.processInfo.environment["ACODE_AGENT_PATH"]
        ?? URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("acode-agent").path

    static func test(
        in scratch: Scratch, journal: any WorkerJournal = MemoryJournal(), agent: String = builtAgent,
        startTimeout: Duration = .seconds(30), stopTimeout: Duration = .seconds(10)
    ) -> WorkerContext {
        WorkerContext(
            pool: "tests", supervisor: SupervisorID(rawValue: "supervisor-1"), installation: "installation-1",
            version: "1.2.3", host: "host-1", agentExecutable: agent, runtimeDirectory: "\(scratch.path)/run",
            stateDirectory: "\(scratch.path)/state", startTimeout: startTimeout, stopTimeout: stopTimeout,
            orphanTimeout: .seconds(20), journal: journal,
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
    }
}
