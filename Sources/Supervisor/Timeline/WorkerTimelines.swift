internal import Foundation
internal import Synchronization
package import TaskModel
internal import WorkerPool

/// What happened lately to each worker of a supervisor, and to the last of those that failed.
package final class WorkerTimelines: Sendable {
    /// So many of failed workers are kept: each slot shows one at most.
    private static let failedKept = 32

    private struct State {
        var timelines: [WorkerID: WorkerTimeline] = [:]
        var failed: [WorkerID] = []
    }

    private let state = Mutex(State())

    /// Makes an empty one.
    package init() {}

    /// A worker is there from now on.
    func begin(_ worker: WorkerID, _ message: String) {
        state.withLock { $0.timelines[worker] = WorkerTimeline() }
        note(worker, .created, message)
    }

    /// Notes what happened to a worker; nothing when it is gone.
    func note(_ worker: WorkerID, _ kind: WorkerEvent.Kind, _ message: String = "") {
        let event = WorkerEvent(at: Date(), kind: kind, message: message)
        state.withLock { $0.timelines[worker]?.add(event) }
    }

    /// Notes high use and its end.
    func note(_ alert: UsageAlert) { note(alert.worker, alert.isHigh ? .usageHigh : .usageNormal, alert.message) }

    /// A worker is gone; with a reason it is remembered for a while.
    func end(_ worker: WorkerID, failure: String?) {
        if let failure { note(worker, .failed, failure) }
        state.withLock { state in
            guard failure != nil else {
                state.timelines[worker] = nil
                return
            }
            state.failed.append(worker)
            guard state.failed.count > Self.failedKept else { return }
            state.timelines[state.failed.removeFirst()] = nil
        }
    }

    /// The events of a worker, the oldest first.
    package func events(of worker: WorkerID) -> [WorkerEvent] { state.withLock { $0.timelines[worker]?.events ?? [] } }
}
