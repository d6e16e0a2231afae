/// Makes workers that have not begun to live.
package protocol WorkerFactory: Sendable {
    /// Makes the value; nothing is created on the host or in an engine before its `run`.
    func makeWorker(profile: WorkerProfile) -> any Worker
}

/// Sees what the pool does, for logs, metrics and timelines. Calls come from any thread and must return at once.
package protocol PoolObserver: Sendable {
    /// A worker is about to be made.
    func workerStarting(_ worker: any Worker)
    /// A worker is ready after `elapsed`.
    func workerReady(_ worker: any Worker, elapsed: Duration)
    /// Something happened to a worker that lives.
    func workerChanged(_ worker: any Worker, _ change: WorkerChange)
    /// A worker's life ended.
    func workerEnded(_ worker: any Worker, _ end: WorkerEnd)
    /// Workers of a profile failed so often that none is started for `wait`.
    func crashLooping(_ trouble: ProfileTrouble, wait: Duration)
}

extension PoolObserver {
    package func workerChanged(_ worker: any Worker, _ change: WorkerChange) {}
}
