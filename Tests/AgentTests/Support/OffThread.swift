import Foundation

/// Runs blocking test code on a thread of its own, off the cooperative pool, as part of the test's task.
func offThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withTaskExecutorPreference(ThreadExecutor()) { try body() }
}

/// Gives every job a thread of its own.
private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
    }
}

/// What a test waited for did not happen.
struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// Polls until `condition` holds.
func eventually(_ what: String, within seconds: Double = 10, _ condition: () throws -> Bool) throws {
    let deadline = Date().addingTimeInterval(seconds)
    while try !condition() {
        guard Date() < deadline else { throw TimedOut(description: what) }
        usleep(2000)
    }
}
