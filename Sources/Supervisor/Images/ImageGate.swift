internal import Synchronization
internal import WorkerPool

/// Where attempts wait for their image before they ask for a worker, so that a pull takes no slot from others.
final class ImageGate: Sendable {
    private let images: ImageProvider
    private let standard: String
    private let standardMayWait: Bool
    private let standardArrived: OneShot<Void>
    private let slots: @Sendable () -> Int
    private let engineLimit: Duration
    private let waits = Mutex(ImageWaits())

    /// Rounds of pulls after which an attempt that asked for nothing but the pool's own image gives up.
    private static let standardRounds = 5
    /// The longest pause between two looks at an engine that can't be used.
    private static let longestPause = Duration.seconds(3)

    /// - Parameters:
    ///   - slots: how many attempts the pool runs at once.
    ///   - engineLimit: how long an engine may be of no use before the attempt goes back to its queue.
    ///   - standardMayWait: whether attempts go on waiting for the image `standard` while its pull fails for a while.
    ///   - standardArrived: set once that image is there.
    init(
        images: ImageProvider, standard: String, standardMayWait: Bool, standardArrived: OneShot<Void>,
        slots: @escaping @Sendable () -> Int, engineLimit: Duration
    ) {
        self.slots = slots
        self.engineLimit = engineLimit
        self.standardMayWait = standardMayWait
        self.images = images
        self.standard = standard
        self.standardArrived = standardArrived
    }

    /// What may be claimed now, for all that waits here.
    var allowance: ImageWaits.Allowance {
        waits.withLock { $0 }.allowance(slots: slots(), standard: standard) { images.known }
    }

    /// Whether workers of an image can be asked for at once.
    func isReady(_ image: String) -> Bool { images.isReady(image) }

    /// Counts an attempt that is about to call `pass`, so that the next look at `allowance` knows of it.
    func enter(_ image: String) { waits.withLock { $0.enter(image) } }

    /// Waits until the image is there or `stop` is set. To be called once after `enter`.
    ///
    /// - Throws: `image_unavailable`, `pull_failed`, `engine_unavailable`; `pool_closed` when stopped.
    func pass(_ image: String, stop: OneShot<StopIntent>) async throws(WorkerError) {
        let outcome = await withTaskGroup(of: Result<Void, WorkerError>.self) { group in
            group.addTask {
                do throws(WorkerError) {
                    return .success(try await self.wait(for: image))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                _ = await stop.wait()
                return .failure(WorkerError(.poolClosed, "stopped while its image was pulled"))
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .failure(WorkerError(.poolClosed, "stopped while its image was pulled"))
        }
        waits.withLock { $0.leave(image) }
        try outcome.get()
        if image == standard { standardArrived.set(()) }
    }

    private func wait(for image: String) async throws(WorkerError) {
        var rounds = 0
        var engineRounds = 0
        var pause = Duration.seconds(1)
        var away: ContinuousClock.Instant?
        while true {
            do {
                try await images.provide(image)
                return
            } catch {
                switch error.code {
                case .engineUnavailable where ContinuousClock.now - (away ?? .now) < engineLimit:
                    away = away ?? .now
                    engineRounds += 1
                case .pullFailed where standardMayWait && image == standard && rounds < Self.standardRounds:
                    // Passing trouble of the pool's own image is the pool's, not the task's.
                    rounds += 1
                    pause = pause * 2
                default: throw error
                }
            }
            try? await Task.sleep(for: engineRounds > 1 ? Self.longestPause : pause)
            if Task.isCancelled { throw WorkerError(.poolClosed, "stopped while its image was pulled") }
        }
    }
}
