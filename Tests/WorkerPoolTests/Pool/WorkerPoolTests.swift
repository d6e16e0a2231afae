import AgentProtocol
import Foundation
import Glibc
import Settings
import Synchronization
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

/// Real local workers in a real pool.
@Suite("Worker pool", .timeLimit(.minutes(5)))
struct WorkerPoolTests {
    /// Notes what the pool says about its workers.
    private final class Witness: PoolObserver {
        struct Notes: Sendable {
            var started: [WorkerID] = []
            var ready = 0
            var ends: [WorkerEnd] = []
            var crashLoops = 0
        }

        private let notes = Mutex(Notes())
        var all: Notes { notes.withLock { $0 } }

        func workerStarting(_ worker: any Worker) { notes.withLock { $0.started.append(worker.id) } }
        func workerReady(_ worker: any Worker, elapsed: Duration) { notes.withLock { $0.ready += 1 } }
        func workerEnded(_ worker: any Worker, _ end: WorkerEnd) { notes.withLock { $0.ends.append(end) } }
        func crashLooping(_ trouble: ProfileTrouble, wait: Duration) { notes.withLock { $0.crashLoops += 1 } }
    }

    private let scratch: Scratch
    private let witness = Witness()

    init() throws { scratch = try Scratch() }

    private func pool(_ slots: Int, recycle: RecyclePolicy = .onFailure, agent: String = WorkerContext.builtAgent)
        -> WorkerPool
    {
        var rules = RestartSettings()
        rules.backoff = .milliseconds(10)
        rules.maxRestarts = 2
        return WorkerPool(
            slots: slots, warmProfile: .local, rules: rules, recycle: recycle,
            factory: ProcessWorkerFactory(
                context: .test(in: scratch, agent: agent), settings: WorkersSettings()), observer: witness)
    }

    /// Runs `body` beside the pool, which is closed by force if the body fails.
    private func with(_ pool: WorkerPool, _ body: @Sendable () async throws -> Void) async throws {
        async let life: Void = pool.run()
        do { try await body() } catch {
            pool.close(force: true)
            await life
            throw error
        }
        pool.close(force: false)
        await life
    }

    private func expectNothingLeft() {
        let notes = witness.all
        #expect(notes.ends.count == notes.started.count)
        for worker in notes.started { #expect(LeftoverProcesses.pids(worker: worker.rawValue) == []) }
        let left = (try? FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/run/w")) ?? []
        #expect(left == [])
    }

    @Test func aClosedPoolLeavesNoProcess() async throws {
        let pool = pool(3)
        try await with(pool) {
            try await eventually("three workers") { pool.freeSlots == 3 }
            #expect(pool.workers.count == 3)
        }
        #expect(witness.all.ends == [.stopped, .stopped, .stopped])
        #expect(pool.workers.isEmpty)
        expectNothingLeft()
    }

    @Test func fiftyAttemptsShareTheWorkersAndEachIsRunOnce() async throws {
        let pool = pool(3)
        try await with(pool) {
            let outputs = await withTaskGroup(of: String.self) { group in
                for attempt in 1...50 {
                    group.addTask {
                        guard let worker = try? await pool.worker(for: pool.request(.local)) else { return "none" }
                        let transcript = Transcript()
                        let request = LocalWorker.request("echo \(attempt)", attempt: attempt)
                        _ = await worker.execute(request, observer: transcript)
                        await worker.acknowledge(request.ref)
                        pool.release(worker, succeeded: true)
                        return transcript.output
                    }
                }
                return await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(Set(outputs) == Set((1...50).map { "\($0)\n" }))
            #expect(outputs.count == 50)
        }
        #expect(witness.all.started.count == 3)
        expectNothingLeft()
    }

    @Test func aWorkerWhoseTaskFailedIsReplaced() async throws {
        let pool = pool(1)
        try await with(pool) {
            let worker = try await pool.worker(for: pool.request(.local))
            pool.release(worker, succeeded: false)
            let next = try await pool.worker(for: pool.request(.local))
            #expect(next.id != worker.id)
            pool.release(next, succeeded: true)
            let same = try await pool.worker(for: pool.request(.local))
            #expect(same.id == next.id)
            pool.release(same, succeeded: true)
        }
        expectNothingLeft()
    }

    @Test func aWorkerThatDiesIsReplaced() async throws {
        let pool = pool(1)
        try await with(pool) {
            let worker = try await pool.worker(for: pool.request(.local))
            let agent: Int32 = try await eventually("its pid") { worker.agentPID }
            #expect(kill(agent, SIGKILL) == 0)
            try await eventually("the worker's end") { worker.status == .stopped }
            pool.release(worker, succeeded: true)
            let next = try await pool.worker(for: pool.request(.local))
            #expect(next.id != worker.id)
            pool.release(next, succeeded: true)
        }
        expectNothingLeft()
    }

    @Test func aRequestThatIsGivenUpTakesNoWorkerWithIt() async throws {
        let pool = pool(1)
        try await with(pool) {
            let worker = try await pool.worker(for: pool.request(.local))
            let request = pool.request(.local)
            let waiting = Task { try await pool.worker(for: request) }
            waiting.cancel()
            await #expect(throws: WorkerError.self) { try await waiting.value }
            pool.release(worker, succeeded: true)
            #expect(pool.freeSlots == 1)
        }
        expectNothingLeft()
    }

    @Test func aForcedCloseEndsRunningAttempts() async throws {
        let pool = pool(2)
        try await with(pool) {
            let worker = try await pool.worker(for: pool.request(.local))
            let transcript = Transcript()
            async let record = worker.execute(
                LocalWorker.request("trap '' TERM; echo; while :; do sleep 0.05; done"), observer: transcript)
            await transcript.spoke.value()
            pool.close(force: true)
            guard case .workerLost = await record.end else {
                Issue.record("the attempt ended as \(await record.end)")
                return
            }
            pool.release(worker, succeeded: false)
            await #expect(throws: WorkerError.self) { try await pool.worker(for: pool.request(.local)) }
        }
        expectNothingLeft()
    }

    @Test func cancellingThePoolEndsEverything() async throws {
        let pool = pool(2)
        let life = Task { await pool.run() }
        try await eventually("two workers") { pool.freeSlots == 2 }
        life.cancel()
        await life.value
        expectNothingLeft()
    }

    @Test func workersThatNeverStartCrashLoopWhoWaitsIsToldAndARestartTriesAgain() async throws {
        let pool = pool(1, agent: "/bin/false")
        let request = pool.request(.local)
        try await with(pool) {
            try await eventually("the warning", within: .seconds(60)) { witness.all.crashLoops == 1 }
            #expect(witness.all.ready == 0)
            #expect(witness.all.started.count == 3)
            var notices = request.notices.makeAsyncIterator()
            var last = try #require(await notices.next())
            while !last.contains("keep failing") { last = try #require(await notices.next()) }
            #expect(request.answer.current == nil)
            let trouble = try #require(pool.troubles.first)
            #expect(trouble.isOwn)
            #expect(trouble.trouble.state == .crashLooping)
            #expect(witness.all.started.contains(trouble.worker))
            #expect(pool.restart(worker: trouble.worker, force: false))
            try await eventually("more starts") { witness.all.started.count > 3 }
        }
        expectNothingLeft()
    }

    @Test func stoppingOneWorkerFillsItsSlotAnew() async throws {
        let pool = pool(1)
        try await with(pool) {
            try await eventually("a worker") { pool.freeSlots == 1 }
            let first = try #require(pool.workers.first).id
            #expect(pool.stop(worker: first, force: false))
            try await eventually("another worker") { pool.freeSlots == 1 && pool.workers.first?.id != first }
            #expect(!pool.stop(worker: first, force: false))
        }
        expectNothingLeft()
    }
}
