package import Settings

/// Makes local workers.
package struct ProcessWorkerFactory: WorkerFactory {
    private let context: WorkerContext
    private let confinement: LocalConfinement
    private let settings: WorkersSettings

    /// Makes a factory for a pool.
    package init(context: WorkerContext, settings: WorkersSettings) {
        self.context = context
        confinement = LocalConfinement(settings.docker)
        self.settings = settings
    }

    package func makeWorker(profile: WorkerProfile) -> any Worker {
        ProcessWorker(context: context, confinement: confinement, settings: settings)
    }
}
