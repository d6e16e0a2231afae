/// Makes local workers.
package struct ProcessWorkerFactory: WorkerFactory {
    private let context: WorkerContext

    /// Makes a factory for a pool.
    package init(context: WorkerContext) { self.context = context }

    package func makeWorker(profile: WorkerProfile) -> any Worker { ProcessWorker(context: context) }
}
