import AgentProtocol
import Foundation
import TaskModel
import TestSupport
import Testing

@testable import Supervisor
@testable import TaskStore
@testable import WorkerPool

/// Against the real store and real directories, for a worker that is never started.
@Suite("Checkpoint keeper", .timeLimit(.minutes(3)))
struct CheckpointKeeperTests {
    private let scratch: Scratch
    private let store: FaultyStore
    private let clock = HandClock()
    private let shelf: CheckpointShelf
    private let worker: ProcessWorker

    init() async throws {
        scratch = try Scratch()
        store = FaultyStore(try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite", clock: clock))
        shelf = CheckpointShelf(root: "\(scratch.path)/shelf")
        worker = ProcessWorker(context: .idle(in: scratch))
        try worker.directory.create(owner: nil)
    }

    private var keeper: CheckpointKeeper {
        CheckpointKeeper(store: store, shelf: shelf, host: "h", logger: .silent, identity: "store")
    }

    private func attempt() async throws -> RunningAttempt {
        let request = ClaimRequest(
            supervisor: SupervisorID(rawValue: "me"), host: "h", limit: 1, leaseDuration: .seconds(30),
            offersContainers: false)
        let attempt = RunningAttempt(claim: try #require(try await store.claim(request).first))
        attempt.assign(worker)
        return attempt
    }

    private func recorder(_ attempt: RunningAttempt) -> AttemptRecorder {
        AttemptRecorder(log: AttemptLog(path: "\(scratch.path)/log", cap: 1000), tap: nil)
    }

    /// Saves a phase with one artifact, which the task has just written, and leaves the worker as it was.
    private func save(_ phase: Int, _ attempt: RunningAttempt) async throws -> CheckpointAnswer {
        let file = "\(worker.directory.exchange)/\(WorkerDirectory.outputsName)/out"
        try Data("phase \(phase)".utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let (recorder, answer) = (recorder(attempt), OneShot<CheckpointAnswer>())
        return await keeper.serving(attempt, recorder) {
            recorder.attemptCheckpoint(
                CheckpointSave(
                    attempt: attempt.ref, number: UInt64(phase), phase: phase, data: nil, artifacts: ["out"],
                    isForced: false)
            ) { answer.set($0) }
            return await answer.value()
        }
    }

    private func shelves(_ task: TaskID) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: "\(shelf.root)/\(task)")).subtracting([".store"])
    }

    /// After a handover both supervisors save what the agent sends.
    @Test func whatIsNotSavedTakesOnlyItsOwnArtifactsAlong() async throws {
        let task = try await store.submit([TaskSpec(command: ["true"])])[0].id
        let attempt = try await attempt()
        #expect(try await save(1, attempt).verdict == .saved)
        let first = try shelves(task)
        #expect(first.count == 1)
        #expect(try String(contentsOfFile: "\(shelf.root)/\(task)/.store", encoding: .utf8) == "store")
        clock.pass(31)
        _ = try await store.recoverExpired(maxDeliveries: 5)
        // What another supervisor is just copying is in no stored checkpoint yet.
        try FileManager.default.createDirectory(
            atPath: "\(shelf.root)/\(task)/half-made", withIntermediateDirectories: true)
        #expect(try await save(2, attempt).verdict == .stale)
        #expect(try shelves(task) == first.union(["half-made"]))
    }

    @Test func theArtifactsOfTheLastTwoCheckpointsAreKept() async throws {
        let task = try await store.submit([TaskSpec(command: ["true"])])[0].id
        for phase in 1...4 {
            let attempt = try await attempt()
            #expect(try await save(phase, attempt).verdict == .saved)
            #expect(try shelves(task).count <= 2)
            let abandoned = AttemptResult(outcome: .interrupted, reason: "", disposition: .abandon(delay: 0))
            _ = try await store.finish([(lease: attempt.claim.lease, result: abandoned)])
        }
        let kept = try await store.checkpoints(of: task)
        #expect(kept.map(\.phase) == [4, 3, 2, 1])
        #expect(try shelves(task) == Set(kept.prefix(2).compactMap(\.shelf)))
    }

    @Test func aTaskGoesOnAlthoughTheStoreWasAwayForAMoment() async throws {
        _ = try await store.submit([TaskSpec(command: ["true"])])
        let first = try await attempt()
        #expect(try await save(1, first).verdict == .saved)
        let abandoned = AttemptResult(outcome: .interrupted, reason: "", disposition: .abandon(delay: 0))
        _ = try await store.finish([(lease: first.claim.lease, result: abandoned)])
        let second = try await attempt()
        store.fail(.checkpoints, .unreachable, times: 2)
        let file = try #require(try await keeper.resume(second, on: worker, recorder(second)))
        #expect(String(decoding: file, as: UTF8.self).contains("\"phase\":1"))
        #expect(store.struck(.checkpoints) == 2)
        // Nobody waits for it any more.
        store.fail(.checkpoints, .unreachable)
        second.stopIntent.set(.shutdown)
        await #expect(throws: WorkerError.self) { try await keeper.resume(second, on: worker, recorder(second)) }
    }
}
