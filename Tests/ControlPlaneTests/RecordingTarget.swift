import ContainerEngine
import ControlPlane
import Foundation
import Synchronization

/// A target that remembers what it was asked and answers what it was told to.
final class RecordingTarget: ControlTarget {
    struct State {
        var calls: [String] = []
        var reasons: [String] = []
        var workers: [WorkerSummary] = []
        var output: [LogFrame] = []
        var storeWorks = true
        var handsOver = true
    }

    let state = Mutex(State())

    static let summary = SupervisorSummary(
        id: "0198c5a2-0000-7000-8000-000000000001", pool: "default", pid: 42, mode: "docker",
        engine: .init(kind: "podman", version: "4.3.1", socket: "/run/podman/podman.sock"), state: "running", slots: 4,
        busy: 1, ready: 4, startedAt: Date(timeIntervalSince1970: 1_795_000_000.123), version: "0.1.0")

    var calls: [String] { state.withLock { $0.calls } }

    private func note(_ call: String) { state.withLock { $0.calls.append(call) } }

    func summary() -> SupervisorSummary { Self.summary }
    func reasonsNotReady() -> [String] { state.withLock { $0.reasons } }
    func workerSummaries() -> [WorkerSummary] { state.withLock { $0.workers } }

    func attemptLog(
        task: String, attempt: Int, offset: Int64, installation: String?
    ) async throws(ControlFailure) -> [UInt8] {
        guard installation == nil || installation == "own" else { throw ControlFailure(.misdirected, "not mine") }
        note("log \(task) \(attempt) \(offset)")
        guard attempt == 1 else { throw ControlFailure(.notFound, "no attempt \(attempt)") }
        return Array("0123456789".utf8.dropFirst(Int(offset)))
    }

    func inspectWorker(_ id: String) async throws(ControlFailure) -> WorkerInspection {
        note("inspect \(id)")
        guard let worker = workerSummaries().first(where: { $0.id == id }) else {
            throw ControlFailure(.notFound, "no \(id)")
        }
        return WorkerInspection(
            worker: worker, pid: 42, container: nil,
            security: [.init(measure: "user", wanted: "1:1", inForce: "0:0", verdict: "missing", remark: "is root")])
    }

    func workerOutput(_ id: String, tail: Int?, since: Date?) async throws(ControlFailure) -> [LogFrame] {
        let moment = since.map { " since \($0.timeIntervalSince1970)" } ?? ""
        note("output \(id) tail \(tail.map(String.init) ?? "all")\(moment)")
        guard workerSummaries().contains(where: { $0.id == id }) else { throw ControlFailure(.notFound, "no \(id)") }
        return state.withLock { $0.output }
    }

    func wake() { note("wake") }
    func checkLeases() { note("check") }
    func shutDown(force: Bool) { note("stop force \(force)") }
    func drain() { note("drain") }

    func collectGarbage(dryRun: Bool) async throws(ControlFailure) -> [GarbageItem] {
        note("gc dry run \(dryRun)")
        return [GarbageItem(kind: "container", name: "0123", worker: nil, action: "kept", reason: "test")]
    }

    func handOver(within limit: Duration) async throws(ControlFailure) {
        note("hand over within \(limit)")
        guard state.withLock({ $0.handsOver }) else { throw ControlFailure(.unavailable, "not now") }
    }

    func stopWorker(_ id: String, force: Bool) -> Bool {
        note("stop \(id) force \(force)")
        return workerSummaries().contains { $0.id == id }
    }

    func restartWorker(_ id: String, force: Bool) -> Bool {
        note("restart \(id) force \(force)")
        return workerSummaries().contains { $0.id == id }
    }

    func restartAll(force: Bool) { note("restart all force \(force)") }

    func scale(to count: Int) throws(ControlFailure) {
        note("scale to \(count)")
        if count == 99 { throw ControlFailure(.unsupported, "not now") }
    }

    func queueStatus() async throws(ControlFailure) -> QueueStatus {
        guard state.withLock({ $0.storeWorks }) else { throw ControlFailure(.unavailable, "the store is locked") }
        return QueueStatus(queues: [QueueSummary(queue: "default", counts: ["enqueued": 3])])
    }

    func metricsText() async -> String { "# TYPE acode_workers gauge\nacode_workers{state=\"idle\"} 4\n" }
}
