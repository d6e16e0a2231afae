internal import Synchronization
package import TaskModel

/// The attempts this supervisor holds leases of.
package final class AttemptRegistry: Sendable {
    private let attempts = Mutex<[TaskID: RunningAttempt]>([:])
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// Makes an empty registry.
    package init() { (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// Every attempt.
    package var all: [RunningAttempt] { attempts.withLock { Array($0.values) } }

    /// How many there are.
    package var count: Int { attempts.withLock { $0.count } }

    /// The attempt of a task.
    package func attempt(of task: TaskID) -> RunningAttempt? { attempts.withLock { $0[task] } }

    func add(_ attempt: RunningAttempt) { attempts.withLock { $0[attempt.claim.task.id] = attempt } }

    func remove(_ attempt: RunningAttempt) {
        attempts.withLock { $0[attempt.claim.task.id] = nil }
        changed.yield()
    }

    /// Waits until there is none; for one caller at a time. Returns early when the task is cancelled.
    func waitUntilEmpty() async {
        if count == 0 { return }
        for await _ in changes where count == 0 { return }
    }
}
