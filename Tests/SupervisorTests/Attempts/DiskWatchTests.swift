import AgentProtocol
import Foundation
import Logging
import TaskModel
import TestSupport
import Testing
import WorkerPool

@testable import Supervisor

/// A worker that says where it writes, or never does.
private final class WritingWorker: Worker {
    let id = WorkerID.random()
    let profile = WorkerProfile.local
    let directory = WorkerDirectory(runtimeDirectory: "/none", stateDirectory: "/none", worker: WorkerID.random())
    let containerName: String? = nil
    let containerID: String? = nil
    let status = WorkerStatus.busy
    let agentPID: Int32? = nil
    let currentAttempt: AttemptRef? = nil
    private let place: String?

    init(place: String?) { self.place = place }

    var diskPlaces: DiskPlaces {
        get async {
            if let place { return DiskPlaces(fresh: [place]) }
            try? await Task.sleep(for: .seconds(3600))
            return DiskPlaces()
        }
    }

    func run(changed: @escaping @Sendable (WorkerChange) -> Void) async -> WorkerEnd { .stopped }
    func stop(force: Bool) {}
    func drain() {}
    func detach() {}
    func acknowledge(_ ref: AttemptRef) async -> Bool { true }

    func execute(_ request: AttemptRequest, observer: any AttemptObserver) async -> ExitRecord {
        ExitRecord(end: .detached)
    }

    func resume(
        _ request: AttemptRequest, from offset: UInt64, observer: any AttemptObserver, noted: @Sendable () -> Void
    ) async -> ExitRecord { ExitRecord(end: .detached) }

    func review() async throws(WorkerError) -> WorkerReview { throw WorkerError(.host, "nothing to look at") }
}

@Suite("Disk watch", .timeLimit(.minutes(3)))
struct DiskWatchTests {
    private func attempt(_ number: Int, on worker: any Worker) -> RunningAttempt {
        let id = TaskID(rawValue: "task\(number)")
        let task = QueuedTask(id: id, spec: TaskSpec(command: ["true"]), createdAt: Date())
        let attempt = RunningAttempt(
            claim: ClaimedTask(task: task, lease: Lease(taskID: id, attempt: 1, token: Int64(number))))
        attempt.assign(worker)
        attempt.limitDisk(to: 1)
        return attempt
    }

    @Test func anEngineThatDoesNotAnswerForOneAttemptHoldsUpNoOther() async throws {
        let scratch = try Scratch()
        try Data(repeating: 7, count: 2 << 20).write(to: URL(fileURLWithPath: "\(scratch.path)/file"))
        let registry = AttemptRegistry()
        // Several, so that one of them comes before the other whatever the order.
        let silent = (1...8).map { attempt($0, on: WritingWorker(place: nil)) }
        let full = attempt(9, on: WritingWorker(place: scratch.path))
        for attempt in silent + [full] { registry.add(attempt) }
        let watch = DiskWatch(registry: registry, warnAt: 90, logger: Logger(label: "test"))
        let intent = await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch.run() }
            let intent = await full.stopIntent.wait(atMost: .seconds(20))
            group.cancelAll()
            return intent
        }
        guard case .limit(.disk(let used, 1)) = intent else {
            Issue.record("ended by \(String(describing: intent))")
            return
        }
        #expect(used >= 2 << 20)
        #expect(silent.allSatisfy { $0.stopIntent.current == nil })
    }
}
