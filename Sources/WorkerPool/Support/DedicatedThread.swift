internal import Foundation

/// A serial executor with a thread of its own, for actors that make blocking calls: the cooperative pool has only as
/// many threads as cores, and one blocked there stalls every timer.
package final class DedicatedThread: SerialExecutor, @unchecked Sendable {
    // Unchecked because the condition guards `jobs`; every access below holds it.
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []

    /// Starts the thread; it lives as long as the process, so keep the value in a static.
    package init(name: String) {
        let thread = Thread { [unowned self] in run() }
        thread.name = name
        thread.start()
    }

    /// Runs a job of an actor, after those before it. Called by the runtime.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    private func run() {
        while true {
            condition.lock()
            while jobs.isEmpty { condition.wait() }
            let batch = jobs
            jobs.removeAll(keepingCapacity: true)
            condition.unlock()
            for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }
}
