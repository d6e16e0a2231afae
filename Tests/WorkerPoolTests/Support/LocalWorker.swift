import AgentProtocol
import Foundation
import Glibc
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

/// One real local worker, alive while a test's body runs.
struct LocalWorker: Sendable {
    let worker: ProcessWorker
    let scratch: Scratch
    let journal: MemoryJournal
    private let changes: AsyncStream<WorkerChange>

    /// Runs `body` beside a worker that is ready; the worker is stopped by force if the body leaves it running.
    /// Returns what the body returned and how the worker ended.
    @discardableResult
    static func with<Value: Sendable>(
        stopTimeout: Duration = .seconds(10), _ body: @Sendable (LocalWorker) async throws -> Value
    ) async throws -> (value: Value, end: WorkerEnd) {
        let scratch = try Scratch()
        let journal = MemoryJournal()
        let (changes, sink) = AsyncStream<WorkerChange>.makeStream()
        let worker = ProcessWorker(context: .test(in: scratch, journal: journal, stopTimeout: stopTimeout))
        let local = LocalWorker(worker: worker, scratch: scratch, journal: journal, changes: changes)
        async let life = worker.run { sink.yield($0) }
        do {
            try await local.untilReady()
            let value = try await body(local)
            worker.stop(force: true)
            return (value, await life)
        } catch {
            worker.stop(force: true)
            _ = await life
            throw error
        }
    }

    private func untilReady() async throws {
        for await change in changes {
            if change == .ready { return }
            if change == .leaving { break }
        }
        throw WorkerError(.startFailed, "the worker never became ready")
    }

    /// A request for a shell command, or for any program.
    static func request(
        _ script: String, attempt: Int = 1, timeout: Duration? = nil, grace: Duration = .seconds(10),
        stop: OneShot<StopIntent> = OneShot()
    ) -> AttemptRequest {
        AttemptRequest(
            ref: AttemptRef(taskID: "t", attempt: attempt, token: Int64(attempt)), command: ["/bin/sh", "-c", script],
            timeout: timeout, stopGrace: grace, stop: stop)
    }

    /// Runs one attempt to its acknowledged end.
    func run(_ request: AttemptRequest, _ transcript: Transcript = Transcript()) async -> (ExitRecord, Transcript) {
        let record = await worker.execute(request, observer: transcript)
        await worker.acknowledge(request.ref)
        return (record, transcript)
    }

    /// Runs a shell command to its acknowledged end.
    func run(_ script: String, attempt: Int = 1) async -> (ExitRecord, Transcript) {
        await run(Self.request(script, attempt: attempt))
    }
}

extension ExitRecord {
    /// The agent's report, if there was one.
    var report: Exited? { if case .reported(let exited) = end { exited } else { nil } }
}
