package import ContainerEngine
package import Logging
package import Settings
internal import Synchronization

/// Sees to it that an image is there before containers are made of it. However many workers ask, an image is looked for
/// or pulled once at a time.
package final class ImageProvider: Sendable {
    private let engine: EngineClient
    private let settings: DockerSettings
    private let logger: Logger
    private let flights = Mutex<[String: OneShot<Result<Void, WorkerError>>]>([:])
    private let settled = Mutex<Set<String>>([])

    /// Attempts at a pull after the first.
    private static let retries = 3

    /// Makes a provider.
    package init(engine: EngineClient, settings: DockerSettings, logger: Logger) {
        self.engine = engine
        self.settings = settings
        self.logger = logger
    }

    /// Returns when the image is there; waits for a pull that is under way already.
    ///
    /// - Throws: `image_unavailable`, `engine_unavailable`.
    package func provide(_ image: String) async throws(WorkerError) {
        let (flight, isPilot) = flights.withLock { flights in
            if let flight = flights[image] { return (flight, false) }
            let flight = OneShot<Result<Void, WorkerError>>()
            flights[image] = flight
            return (flight, true)
        }
        if isPilot {
            let result: Result<Void, WorkerError>
            do {
                try await find(image)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            flights.withLock { $0[image] = nil }
            flight.set(result)
        }
        guard let result = await flight.wait() else { throw cancelled(image) }
        do {
            try result.get()
        } catch  where error.code == .poolClosed && !Task.isCancelled && !isPilot {
            // Whoever looked for it was stopped; that is no word on the image.
            try await provide(image)
        }
    }

    private func cancelled(_ image: String) -> WorkerError {
        WorkerError(.poolClosed, "the wait for the image \(image) was cancelled")
    }

    /// A registry that can't be reached now is another matter than an image that it does not have.
    private func failure(of image: String, _ error: EngineError) -> WorkerError {
        let message = "the image \(image) can't be pulled: \(error.message)"
        switch error.code {
        case .imageMissing, .notFound, .unauthorized, .invalidRequest: return WorkerError(.imageUnavailable, message)
        case .cancelled: return cancelled(image)
        default: return error.isEngineUnavailable ? WorkerError(engine: error) : WorkerError(.pullFailed, message)
        }
    }

    private func find(_ image: String) async throws(WorkerError) {
        if settings.pullPolicy == .always, settled.withLock({ !$0.contains(image) }) {
            try await pull(image)
            settled.withLock { _ = $0.insert(image) }
            return
        }
        do {
            if try await engine.inspectImage(image) != nil { return }
        } catch {
            throw WorkerError(engine: error)
        }
        guard settings.pullPolicy != .never else {
            throw WorkerError(
                .imageUnavailable, "the image \(image) is not there and pullPolicy is never; pull or build it first")
        }
        try await pull(image)
    }

    private func pull(_ image: String) async throws(WorkerError) {
        var pause = Duration.seconds(1)
        for attempt in 0...Self.retries {
            logger.info("pulling image", metadata: ["image": "\(image)", "attempt": "\(attempt + 1)"])
            let progress = PullReporter(image: image, logger: logger)
            do {
                _ = try await engine.pullImage(image, timeout: settings.pullTimeout) { progress.take($0) }
                logger.info("image pulled", metadata: ["image": "\(image)"])
                return
            } catch {
                let isFinal = attempt == Self.retries || failure(of: image, error).code != .pullFailed
                guard !isFinal else {
                    throw failure(of: image, error)
                }
                logger.warning(
                    "pull failed; trying again",
                    metadata: ["image": "\(image)", "error.message": "\(error.message)"])
                try? await Task.sleep(for: pause * Double.random(in: 0.75...1.25))
                pause = pause * 2
            }
        }
    }
}

/// Says how far a pull is, at most every two seconds.
final class PullReporter: Sendable {
    private struct State {
        var layers: [String: (current: Int64, total: Int64)] = [:]
        var lastWord = ContinuousClock.now
    }

    private let image: String
    private let logger: Logger
    private let state = Mutex(State())

    init(image: String, logger: Logger) {
        self.image = image
        self.logger = logger
    }

    func take(_ progress: PullProgress) {
        guard let layer = progress.layer, let current = progress.current, let total = progress.total else { return }
        let word: (Int64, Int64)? = state.withLock { state in
            state.layers[layer] = (current, total)
            guard ContinuousClock.now - state.lastWord > .seconds(2) else { return nil }
            state.lastWord = .now
            return state.layers.values.reduce((0, 0)) { ($0.0 + $1.current, $0.1 + $1.total) }
        }
        guard let (done, all) = word else { return }
        logger.info(
            "pulling image",
            metadata: ["image": "\(image)", "pulled.mb": "\(done >> 20)", "known.mb": "\(all >> 20)"])
    }
}
