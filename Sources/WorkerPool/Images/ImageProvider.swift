package import ContainerEngine
package import Settings
internal import Synchronization

/// Sees to it that an image is there before containers are made of it. However many ask, an image is looked for or pulled
/// once at a time; it goes on as long as anybody waits for it.
///
/// With the policy `always` a pull counts for a while, so that a burst of tasks asks the registry once.
package final class ImageProvider: Sendable {
    private struct Flight {
        let number: Int
        let result: OneShot<Result<ImageInspection, WorkerError>>
        let task: Task<Void, Never>
        var waiters: Int
    }

    private struct State {
        var flights: [String: Flight] = [:]
        var nextNumber = 0
        var seen = ImageMemory()
        var moved: @Sendable (String) -> Void = { _ in }
    }

    private let engine: EngineClient
    private let policy: PullPolicy
    private let pullAgainAfter: Duration
    private let puller: ImagePuller
    private let state = Mutex(State())

    /// Makes a provider.
    ///
    /// - Parameters:
    ///   - credentials: for registries.
    ///   - watch: is told when the engine has no space for an image.
    ///   - tell: is told about pulls.
    package init(
        engine: EngineClient, settings: DockerSettings, credentials: RegistryCredentials,
        watch: EngineWatch? = nil, tell: @escaping PullListener
    ) {
        self.engine = engine
        policy = settings.pullPolicy
        pullAgainAfter = settings.pullAgainAfter
        puller = ImagePuller(
            engine: engine, credentials: credentials, limits: .init(settings), watch: watch, tell: tell)
    }

    /// Calls `moved` when a pull brought another image under a name than was there before, before anybody gets it.
    package func onMove(_ moved: @escaping @Sendable (String) -> Void) { state.withLock { $0.moved = moved } }

    /// Whether the image was there when last looked for, and need not be pulled again yet.
    package func isReady(_ image: String) -> Bool { state.withLock { $0.seen.isFresh(image) } }

    /// The images that were there when last looked for, also those that have to be pulled again by now.
    package var known: Set<String> { state.withLock { $0.seen.names } }

    /// Takes note of the image of a worker that was taken over, so that a pull of another one under its name is noticed.
    package func remember(_ image: String, id: String) {
        guard policy == .always else { return }
        state.withLock { if $0.seen.id(of: image) == nil { $0.seen.note(image, id: id, until: .now) } }
    }

    /// Lets no pull count any more, because somebody wants everything anew.
    package func forget() { state.withLock { $0.seen.expire() } }

    /// Returns the image once it is there; waits for a pull that is under way already. Cancelling the task ends the wait,
    /// and the pull only when nobody else waits for it. One that `mayBeOld` is pulled only when it is not there, and waits for
    /// no pull that is to bring a newer one.
    ///
    /// - Throws: `image_unavailable`, `pull_failed`, `engine_unavailable`; `pool_closed` when cancelled.
    @discardableResult
    package func provide(_ image: String, mayBeOld: Bool = false) async throws(WorkerError) -> ImageInspection {
        if mayBeOld, policy == .always, let old = try await look(for: image) { return old }
        let (number, result) = board(image)
        if let result = await result.wait() { return try result.get() }
        leave(image, number)
        throw WorkerError(.poolClosed, "the wait for the image \(image) was cancelled")
    }

    private func board(_ image: String) -> (Int, OneShot<Result<ImageInspection, WorkerError>>) {
        state.withLock { state in
            if let flight = state.flights[image] {
                state.flights[image]?.waiters += 1
                return (flight.number, flight.result)
            }
            state.nextNumber += 1
            let number = state.nextNumber
            let result = OneShot<Result<ImageInspection, WorkerError>>()
            // Not a child task: it belongs to all who wait, and whoever came first may leave first.
            let task = Task {
                let found = await Result { () async throws(WorkerError) in try await self.find(image) }
                self.state.withLock { if $0.flights[image]?.number == number { $0.flights[image] = nil } }
                result.set(found)
            }
            state.flights[image] = Flight(number: number, result: result, task: task, waiters: 1)
            return (number, result)
        }
    }

    private func leave(_ image: String, _ number: Int) {
        let abandoned: Task<Void, Never>? = state.withLock { state in
            guard let flight = state.flights[image], flight.number == number else { return nil }
            state.flights[image]?.waiters -= 1
            guard flight.waiters == 1 else { return nil }
            state.flights[image] = nil
            return flight.task
        }
        abandoned?.cancel()
    }

    private func look(for image: String) async throws(WorkerError) -> ImageInspection? {
        do throws(EngineError) {
            return try await engine.inspectImage(image)
        } catch {
            throw WorkerError(engine: error)
        }
    }

    private func find(_ image: String) async throws(WorkerError) -> ImageInspection {
        if policy == .always, !isReady(image) { return try await pull(image) }
        if let found = try await look(for: image) {
            if policy != .always { note(image, found.id, until: nil) }
            return found
        }
        // Whoever comes next waits for it without a worker.
        state.withLock { $0.seen.forget(image) }
        guard policy != .never else {
            throw WorkerError(
                .imageUnavailable,
                "the image \(image) is not there and pullPolicy is never; pull it with `acode image pull \(image)`")
        }
        return try await pull(image)
    }

    private func pull(_ image: String) async throws(WorkerError) -> ImageInspection {
        let pulled = try await puller.pull(image)
        let moved = note(image, pulled.id, until: policy == .always ? .now.advanced(by: pullAgainAfter) : nil)
        if policy == .always { moved?(image) }
        return pulled
    }

    /// Remembers an image; returns whom to tell when there was another by its name.
    @discardableResult
    private func note(
        _ image: String, _ id: String, until: ContinuousClock.Instant?
    ) -> (@Sendable (String) -> Void)? {
        state.withLock { state in
            let before = state.seen.id(of: image)
            state.seen.note(image, id: id, until: until)
            return (before ?? id) == id ? nil : state.moved
        }
    }
}
