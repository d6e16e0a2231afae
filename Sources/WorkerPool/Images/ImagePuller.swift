package import ContainerEngine
package import Settings
internal import Synchronization

/// Pulls one image, again if need be, within its limits.
package struct ImagePuller: Sendable {
    /// How long and how often.
    package struct Limits: Sendable, Equatable {
        /// For everything, retries and the waits before them too.
        package var total: Duration
        /// For an attempt without progress.
        package var idle: Duration
        /// Attempts after the first.
        package var retries: Int

        /// Those of the configuration.
        package init(_ settings: DockerSettings) {
            total = settings.pullTimeout
            idle = settings.pullIdleTimeout
            retries = settings.pullRetries
        }
    }

    let engine: EngineClient
    let credentials: RegistryCredentials
    let limits: Limits
    let watch: EngineWatch?
    let tell: PullListener
    private let metrics = PullMetrics()

    /// Makes a puller. `watch` is told when the engine has no space for an image.
    package init(
        engine: EngineClient, credentials: RegistryCredentials, limits: Limits, watch: EngineWatch? = nil,
        tell: @escaping PullListener
    ) {
        self.engine = engine
        self.watch = watch
        self.credentials = credentials
        self.limits = limits
        self.tell = tell
    }

    /// Returns the image once it is here. Cancelling the task ends the pull in the engine too.
    ///
    /// - Throws: `image_unavailable` when it was refused, `pull_failed` when it did not work in time or again and again,
    ///   `engine_unavailable`, `pool_closed` when cancelled.
    package func pull(_ reference: String) async throws(WorkerError) -> ImageInspection {
        let begun = ContinuousClock.now
        watch?.note(.wished)
        defer { watch?.note(.wishEnded) }
        do throws(WorkerError) {
            let image = try await pull(reference, begun)
            metrics.succeeded(after: .now - begun)
            return image
        } catch {
            metrics.failed(error.code)
            tell(reference, .ended)
            throw error
        }
    }

    private func pull(
        _ reference: String, _ begun: ContinuousClock.Instant
    ) async throws(WorkerError) -> ImageInspection {
        let deadline = begun.advanced(by: limits.total)
        var retry = PullRetry(retries: limits.retries)
        while true {
            let login = try await credentials.login(for: reference, within: deadline - .now) {
                tell(reference, .warning($0))
            }
            tell(reference, .began(attempt: retry.failures + 1))
            let trouble: Trouble
            switch await attempt(reference, login?.auth, until: deadline) {
            case .success(let image):
                tell(reference, .pulled(image, elapsed: .now - begun))
                return image
            case .failure(let found): trouble = found
            }
            if Task.isCancelled { throw WorkerError(.poolClosed, "the pull of \(reference) was cancelled") }
            if case .engine(let error) = trouble, error.isEngineUnavailable {
                watch?.note(error)
                throw WorkerError(engine: error)
            }
            let report = PullReport(reference: reference, login: login, limits: limits)
            switch retry.failed(
                trouble.code, words: trouble.words, left: deadline - .now, jitter: Double.random(in: 0...1))
            {
            case .refused: throw report.refused(trouble)
            case .spent: throw report.spent(trouble, attempts: retry.failures)
            case .again(let wait):
                tell(reference, .failed(report.words(trouble), again: wait))
                try? await Task.sleep(for: wait)
            }
        }
    }

    /// Why one attempt ended.
    enum Trouble: Error, Sendable, Equatable {
        /// What the engine said.
        case engine(EngineError)
        /// It made no progress.
        case stalled
        /// The time for the whole pull is over.
        case outOfTime

        var code: EngineError.Code { if case .engine(let error) = self { error.code } else { .timedOut } }
        var words: String { if case .engine(let error) = self { error.message } else { "" } }
    }

    /// One attempt, watched. The engine itself would wait for ever on a registry that goes quiet.
    private func attempt(
        _ reference: String, _ auth: RegistryAuth?, until deadline: ContinuousClock.Instant
    ) async -> Result<ImageInspection, Trouble> {
        let tracker = SharedTracker()
        return await withTaskGroup(of: Result<ImageInspection, Trouble>?.self) { group in
            group.addTask {
                do throws(EngineError) {
                    // The watch below is what ends it; this limit is for the case that nothing else does.
                    let most = limits.total + .seconds(30)
                    return .success(
                        try await engine.pullImage(reference, registryAuth: auth, idleTimeout: most, timeout: most) {
                            tell(reference, .progress(tracker.take($0)))
                        })
                } catch {
                    return .failure(.engine(error))
                }
            }
            group.addTask {
                while true {
                    let end = min(deadline, tracker.lastAdvance.advanced(by: limits.idle))
                    guard (try? await Task.sleep(until: end, clock: .continuous)) != nil else { return nil }
                    let now = ContinuousClock.now
                    if now >= deadline { return .failure(.outOfTime) }
                    if now >= tracker.lastAdvance.advanced(by: limits.idle) { return .failure(.stalled) }
                }
            }
            var first: Result<ImageInspection, Trouble>?
            while first == nil, let next = await group.next() { first = next }
            group.cancelAll()
            return first ?? .failure(.outOfTime)
        }
    }
}

/// A tracker that the pull feeds and the watch reads.
private final class SharedTracker: Sendable {
    private let tracker = Mutex(PullTracker(now: .now))

    func take(_ line: PullProgress) -> PullSummary {
        tracker.withLock {
            $0.take(line, at: .now)
            return $0.summary
        }
    }

    var lastAdvance: ContinuousClock.Instant { tracker.withLock { $0.lastAdvance } }
}
