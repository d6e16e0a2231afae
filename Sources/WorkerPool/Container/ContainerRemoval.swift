internal import ContainerEngine
internal import Logging

/// Ends and removes the container of one worker, however long its engine takes to answer.
struct ContainerRemoval: Sendable {
    let engine: EngineClient
    let watch: EngineWatch?
    /// Whether a container that has ended is left where it is, for somebody to look at.
    let keeps: Bool
    /// How long an agent may take to end by itself.
    let stopTimeout: Duration
    let logger: Logger

    /// Tries until the container is gone, or refused to go for another reason than an engine that does not answer.
    ///
    /// - Parameters:
    ///   - container: Its id, or its name.
    ///   - gracefully: Asked before each try: whether its agent may end by itself.
    ///   - unanswered: Told after each try that had no answer for how long there has been none.
    /// - Returns: Whether it is gone. Cancelled, it gives up.
    func remove(
        _ container: String, gracefully: () -> Bool, unanswered: (_ since: Duration) -> Void
    ) async -> Bool {
        var pause = Duration.milliseconds(200)
        var silentSince: ContinuousClock.Instant?
        while !Task.isCancelled {
            do {
                try await removeOnce(container, gracefully: gracefully())
                return true
            } catch  where error.isEngineUnavailable {
                watch?.suspect()
                let since = silentSince ?? .now
                silentSince = since
                unanswered(.now - since)
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(2))
            } catch {
                logger.warning(
                    "the engine would not remove a container",
                    metadata: ["container.id": "\(container)", "error.message": "\(error)"])
                return false
            }
        }
        return false
    }

    private func removeOnce(_ container: String, gracefully: Bool) async throws(EngineError) {
        do {
            if gracefully { try await engine.stopContainer(container, timeout: stopTimeout) }
            if keeps {
                try await engine.endContainer(container)
            } else {
                try await engine.removeContainer(container)
            }
        } catch  where error.isNotFound || error.isConflict {
            // Gone already, or being removed by somebody else: what was wanted.
        }
    }
}
