internal import AgentProtocol
internal import Logging
internal import TaskModel
internal import TaskStore

/// Makes the attempt that an agent has in hand this supervisor's.
struct LeaseTakeover: Sendable {
    /// Whose an attempt is.
    enum Claim: Sendable {
        /// Ours now.
        case taken(ClaimedTask, askedAt: ContinuousClock.Instant)
        /// Nobody's, or somebody else's.
        case gone
        /// The store did not say.
        case unknown
    }

    let store: any TaskStore
    let supervisor: SupervisorID
    let host: String
    /// How long a lease lasts.
    let lease: Duration
    /// How long the store may be away.
    let patience: Duration
    let logger: Logger

    /// Takes the attempt from any of `ended`, whatever time the store takes as long as somebody could still have it.
    func take(_ ref: AttemptRef, from ended: [SupervisorID]) async -> Claim {
        let claimed = Lease(taskID: TaskID(rawValue: ref.taskID), attempt: ref.attempt, token: ref.token)
        let deadline = ContinuousClock.now.advanced(by: patience)
        while true {
            let asked = ContinuousClock.now
            do {
                // It is ours already when only the store's answer was lost.
                let taken = try await store.adopt(
                    claimed, from: ended + [supervisor], by: supervisor, host: host, for: lease)
                return taken.map { Claim.taken($0, askedAt: asked) } ?? .gone
            } catch {
                logger.warning(
                    "could not take a task over",
                    metadata: ["task.id": "\(ref.taskID)", "error.message": "\(error)"])
                guard ContinuousClock.now < deadline else { return .unknown }
                await AttemptRunner.sleep(.milliseconds(250))
            }
        }
    }
}
