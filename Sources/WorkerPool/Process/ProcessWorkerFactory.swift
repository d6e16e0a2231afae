package import Settings
internal import TaskModel

/// Makes local workers.
package struct ProcessWorkerFactory: WorkerFactory {
    private let context: WorkerContext
    private let confinement: LocalConfinement
    private let egress: EgressPolicy

    /// Makes a factory for a pool.
    package init(context: WorkerContext, settings: WorkersSettings) {
        self.context = context
        confinement = LocalConfinement(settings.docker)
        egress = settings.egress
    }

    package func makeWorker(profile: WorkerProfile) -> any Worker {
        ProcessWorker(context: context, confinement: confinement, egress: egress)
    }
}
