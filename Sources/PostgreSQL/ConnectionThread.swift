internal import Glibc
internal import Synchronization
internal import SystemThread

/// Runs the jobs of one connection on a thread of its own, in order, so that calls which wait for the network never hold
/// a cooperative thread. Ends when `close` was called and all jobs are done.
final class ConnectionThread: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isClosed = false
        var isRunning = false
    }

    private let state = Mutex(State())
    /// Counts what is to be looked at: one a job, one for the end.
    private let signal: Semaphore

    init(name: String) {
        signal = Semaphore()
        start(name)
    }

    private func start(_ name: String) {
        state.withLock { $0.isRunning = true }
        if !spawnDetachedThread(named: name, { self.drain() }) {
            // Without a thread the jobs run where they are made: slow, but nobody waits for ever.
            state.withLock { $0.isRunning = false }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let isRunning = state.withLock { state in
            if state.isRunning { state.jobs.append(unowned) }
            return state.isRunning
        }
        if isRunning { signal.post() } else { unowned.runSynchronously(on: asUnownedSerialExecutor()) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Lets the thread end once nothing is left to do. What comes later runs on its caller's thread, so it must not block.
    func close() {
        state.withLock { $0.isClosed = true }
        signal.post()
    }

    private func drain() {
        while true {
            signal.wait()
            let (jobs, isOver) = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                if jobs.isEmpty && state.isClosed { state.isRunning = false }
                return (jobs, !state.isRunning)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            if isOver { return }
            // Posts of jobs that were taken together with others, and the one of `close`, find nothing; they only turn the loop.
            if !jobs.isEmpty, state.withLock({ $0.isClosed }) { signal.post() }
        }
    }
}

/// A POSIX semaphore, at one place in memory for its whole life.
private final class Semaphore: @unchecked Sendable {
    // Safe to share: the calls below are made for that.
    private let handle = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(handle, 0, 0) }

    deinit {
        sem_destroy(handle)
        handle.deallocate()
    }

    func post() { sem_post(handle) }

    func wait() { while sem_wait(handle) != 0 && errno == EINTR {} }
}
