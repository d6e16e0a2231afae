package import AgentProtocol
internal import Synchronization
package import TaskModel
package import WorkerPool

/// One attempt this supervisor holds the lease of, from claim to the recorded end.
package final class RunningAttempt: Sendable {
    /// The task and the lease.
    package let claim: ClaimedTask
    /// Why it is to end; set once, by whoever is first.
    package let stopIntent = OneShot<StopIntent>()
    private let worker = Mutex<(any Worker)?>(nil)
    private let recorder = Mutex<AttemptRecorder?>(nil)

    /// Wraps a claim.
    package init(claim: ClaimedTask) { self.claim = claim }

    /// What the agent is told to call it.
    package var ref: AttemptRef {
        AttemptRef(taskID: claim.task.id.rawValue, attempt: claim.lease.attempt, token: claim.lease.token)
    }

    /// The worker it runs on.
    package var currentWorker: WorkerID? { worker.withLock { $0?.id } }

    /// Ends the attempt without any grace: its worker is stopped by force.
    package func forceStop(_ intent: StopIntent) {
        stopIntent.set(intent)
        worker.withLock { $0 }?.stop(force: true)
    }

    /// Notes the worker that is about to run it.
    func assign(_ worker: any Worker) { self.worker.withLock { $0 = worker } }

    /// Forgets the worker, which now belongs to the pool again.
    func unassign() { worker.withLock { $0 = nil } }

    /// Lets notes about the attempt go to `recorder`, until its stream is finished.
    func follow(_ recorder: AttemptRecorder) { self.recorder.withLock { $0 = recorder } }

    /// Puts a note on the attempt's timeline, if it still has one.
    func tell(_ note: AttemptRecorder.Note) { recorder.withLock { $0 }?.add(note) }
}
