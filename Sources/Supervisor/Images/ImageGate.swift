internal import Synchronization
internal import WorkerPool

/// Where attempts wait for their image before they ask for a worker, so that a pull takes no slot from others.
final class ImageGate: Sendable {
    private struct State {
        var ready: Set<String> = []
        var waiting = 0
    }

    private let images: ImageProvider
    private let standard: String
    private let standardMayWait: Bool
    private let standardArrived: OneShot<Void>
    private let state = Mutex(State())

    /// Attempts that may wait for images at once. Each holds a claim that other supervisors might have use for.
    private static let mostWaiting = 64
    /// Images that are remembered to be there. One that is removed from the engine meanwhile is pulled by the worker that
    /// needs it.
    private static let mostReady = 256
    /// Rounds of pulls after which an attempt that asked for nothing but the pool's own image gives up.
    private static let standardRounds = 5
    /// How long an engine may be silent before the attempt goes back to its queue.
    private static let engineLimit = Duration.seconds(30)

    /// - Parameters:
    ///   - standardMayWait: whether attempts go on waiting for the image `standard` while its pull fails for a while.
    ///   - standardArrived: set once that image is there.
    init(images: ImageProvider, standard: String, standardMayWait: Bool, standardArrived: OneShot<Void>) {
        self.standardMayWait = standardMayWait
        self.images = images
        self.standard = standard
        self.standardArrived = standardArrived
    }

    /// Whether further attempts may come.
    var isOpen: Bool { state.withLock { $0.waiting < Self.mostWaiting } }

    /// Whether workers of an image can be asked for at once.
    func isReady(_ image: String) -> Bool { state.withLock { $0.ready.contains(image) } }

    /// Counts an attempt that is about to call `pass`, so that the next look at `isOpen` knows of it.
    func enter() { state.withLock { $0.waiting += 1 } }

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
        state.withLock { state in
            state.waiting -= 1
            guard case .success = outcome else { return }
            if state.ready.count >= Self.mostReady { state.ready = [] }
            state.ready.insert(image)
        }
        try outcome.get()
        if image == standard { standardArrived.set(()) }
    }

    private func wait(for image: String) async throws(WorkerError) {
        var rounds = 0
        var pause = Duration.seconds(1)
        let begun = ContinuousClock.now
        while true {
            do {
                try await images.provide(image)
                return
            } catch {
                switch error.code {
                case .engineUnavailable where ContinuousClock.now - begun < Self.engineLimit: break
                case .pullFailed where standardMayWait && image == standard && rounds < Self.standardRounds:
                    // Passing trouble of the pool's own image is the pool's, not the task's.
                    rounds += 1
                    pause = pause * 2
                default: throw error
                }
            }
            try? await Task.sleep(for: pause)
            if Task.isCancelled { throw WorkerError(.poolClosed, "stopped while its image was pulled") }
        }
    }
}
