internal import Logging
internal import Synchronization
internal import WorkerPool

/// Sees to the image of the pool's own workers, before any of them takes a slot. What is wrong with it is the pool's trouble:
/// it is said once, and tried again for as long as the pool lives.
final class StandardImage: Sendable {
    let reference: String
    private let images: ImageProvider
    private let pool: WorkerPool
    private let logger: Logger
    private let problem = Mutex<String?>(nil)
    private let arrived: OneShot<Void>

    private static let firstPause = Duration.seconds(2)
    private static let longestPause = Duration.seconds(60)
    /// The same when the engine is to blame, which the next look may find well.
    private static let longestEnginePause = Duration.seconds(5)

    /// - Parameter arrived: set when an attempt found that the image is there, so that nobody waits for the next look.
    init(
        reference: String, images: ImageProvider, pool: WorkerPool, arrived: OneShot<Void>, logger: Logger
    ) {
        self.reference = reference
        self.images = images
        self.pool = pool
        self.arrived = arrived
        self.logger = logger
    }

    /// Why the pool's workers can't be made; `nil` while nothing is known to be wrong.
    var trouble: String? { problem.withLock { $0 } }

    /// Returns when the image is there, or when cancelled.
    func run() async {
        var pause = Self.firstPause
        while !Task.isCancelled {
            do throws(WorkerError) {
                try await images.provide(reference)
                if problem.withLock({ $0.take() }) != nil {
                    logger.info("the pool's image is there now", metadata: ["image": "\(reference)"])
                }
                return pool.holdWarm(false)
            } catch {
                guard !Task.isCancelled else { return }
                note(error)
                if error.code == .engineUnavailable { pause = min(pause, Self.longestEnginePause) }
            }
            let wait = pause * Double.random(in: 0.75...1.25)
            // Somebody's finding it there cuts one pause short, and no more than one.
            if arrived.current == nil { _ = await arrived.wait(atMost: wait) } else { try? await Task.sleep(for: wait) }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func note(_ error: WorkerError) {
        let isNews = problem.withLock { problem in
            defer { problem = error.message }
            return problem != error.message
        }
        guard isNews else { return }
        logger.error(
            "the pool's image can't be had; no worker is started until it can, and it is tried again and again",
            metadata: [
                "image": "\(reference)", "error.code": "\(error.code.rawValue)", "error.message": "\(error.message)",
            ])
    }
}
