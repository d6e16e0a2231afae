internal import Foundation

/// The threads that everything of a supervisor runs on which does not block, as many as there are cores.
///
/// The steps of an attempt are short, and each makes the next one ready just before it ends. So a thread that sleeps is
/// woken only when more steps wait than there are threads awake; the runtime's own pool wakes one for each step, which
/// costs more than the step itself.
package final class SharedThreads: TaskExecutor, @unchecked Sendable {
    // Unchecked because the condition guards `line`; every access below holds it.
    private let condition = NSCondition()
    private var line: SharedLine<UnownedJob>

    /// Starts the threads; they live as long as the process, so keep the value in a static.
    package init(name: String) {
        let count = max(2, ProcessInfo.processInfo.activeProcessorCount)
        line = SharedLine(threads: count)
        for _ in 1...count {
            let thread = Thread { [unowned self] in run() }
            thread.name = name
            thread.start()
        }
    }

    /// Runs a job soon, after those before it. Called by the runtime.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        let wakesOne = line.append(job)
        condition.unlock()
        if wakesOne { condition.signal() }
    }

    private func run() {
        condition.lock()
        while true {
            if let job = line.next() {
                condition.unlock()
                job.runSynchronously(on: asUnownedTaskExecutor())
                condition.lock()
            } else {
                line.sleep()
                repeat { condition.wait() } while !line.wakesUp()
            }
        }
    }
}

/// What waits for a number of threads, first come first served, and whether one of them is to be woken for it. Pure.
struct SharedLine<Job> {
    private let threads: Int
    private var asleep = 0
    /// Threads that were told to wake up and have not noticed yet.
    private var called = 0
    private var jobs: [Job] = []
    /// Where in `jobs` the next one is; what is before it was taken.
    private var head = 0

    /// Begins with all threads awake and nothing to do.
    init(threads: Int) { self.threads = threads }

    /// Adds a job. Returns whether a thread must be woken: those awake have as many to come to as they are.
    mutating func append(_ job: Job) -> Bool {
        jobs.append(job)
        guard asleep > 0, jobs.count - head > threads - asleep else { return false }
        asleep -= 1
        called += 1
        return true
    }

    /// Takes the next job; `nil` when there is none, and the thread has to sleep.
    mutating func next() -> Job? {
        guard head < jobs.count else { return nil }
        defer {
            head += 1
            if head == jobs.count {
                jobs.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= 1024, head * 2 > jobs.count {
                jobs.removeFirst(head)
                head = 0
            }
        }
        return jobs[head]
    }

    /// A thread goes to sleep.
    mutating func sleep() { asleep += 1 }

    /// A thread that was waiting looks up: whether somebody was called, and it may go on.
    mutating func wakesUp() -> Bool {
        guard called > 0 else { return false }
        called -= 1
        return true
    }
}
