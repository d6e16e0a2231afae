package import ContainerEngine
package import Settings
internal import Synchronization

/// Sees to it that an image is there before containers are made of it. However many ask, an image is looked for or pulled
/// once at a time; it goes on as long as anybody waits for it.
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
        /// Images that `always` has pulled in this process.
        var settled: Set<String> = []
    }

    private let engine: EngineClient
    private let policy: PullPolicy
    private let puller: ImagePuller
    private let state = Mutex(State())

    /// Makes a provider.
    ///
    /// - Parameters:
    ///   - credentials: for registries.
    ///   - tell: is told about pulls.
    package init(
        engine: EngineClient, settings: DockerSettings, credentials: RegistryCredentials,
        tell: @escaping PullListener
    ) {
        self.engine = engine
        policy = settings.pullPolicy
        puller = ImagePuller(
            engine: engine, credentials: credentials, limits: .init(settings), tell: tell)
    }

    /// Returns the image once it is there; waits for a pull that is under way already. Cancelling the task ends the wait,
    /// and the pull only when nobody else waits for it.
    ///
    /// - Throws: `image_unavailable`, `pull_failed`, `engine_unavailable`; `pool_closed` when cancelled.
    @discardableResult
    package func provide(_ image: String) async throws(WorkerError) -> ImageInspection {
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

    private func find(_ image: String) async throws(WorkerError) -> ImageInspection {
        if policy == .always, state.withLock({ !$0.settled.contains(image) }) {
            let pulled = try await puller.pull(image)
            state.withLock { _ = $0.settled.insert(image) }
            return pulled
        }
        do throws(EngineError) {
            if let found = try await engine.inspectImage(image) { return found }
        } catch {
            throw WorkerError(engine: error)
        }
        guard policy != .never else {
            throw WorkerError(
                .imageUnavailable,
                "the image \(image) is not there and pullPolicy is never; pull it with `acode image pull \(image)`")
        }
        return try await puller.pull(image)
    }
}
