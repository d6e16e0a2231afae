package import ContainerEngine
package import Settings

/// Makes container workers of one engine.
package struct ContainerWorkerFactory: WorkerFactory {
    private let engine: EngineClient
    private let context: WorkerContext
    private let settings: WorkersSettings
    private let images: ImageProvider
    private let watch: EngineWatch?

    /// Makes a factory for a pool whose images come from `images`.
    package init(
        engine: EngineClient, context: WorkerContext, settings: WorkersSettings, images: ImageProvider,
        watch: EngineWatch? = nil
    ) {
        self.engine = engine
        self.context = context
        self.settings = settings
        self.watch = watch
        self.images = images
    }

    /// Makes the worker of a container that an earlier supervisor made.
    package func adoptWorker(profile: WorkerProfile, _ container: AdoptableContainer) -> ContainerWorker {
        images.remember(profile.image, id: container.imageID)
        var context = context
        context.secretsDirectory = container.secretsDirectory
        return ContainerWorker(
            profile: profile, engine: engine, context: context, settings: settings, images: images,
            watch: watch, adoption: container)
    }

    package func makeWorker(profile: WorkerProfile) -> any Worker {
        ContainerWorker(
            profile: profile, engine: engine, context: context, settings: settings, images: images,
            watch: watch)
    }
}
