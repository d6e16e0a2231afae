internal import AsyncAlgorithms
internal import Logging
internal import Synchronization
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Gives back what the store leased to this supervisor without its knowing, because the answer to a claim was lost: others
/// may take those tasks only once their leases have run out, and where nobody recovers tasks not even then.
final class StrayLeases: Sendable {
    private let store: any TaskStore
    private let supervisor: SupervisorID
    private let registry: AttemptRegistry
    private let spool: ResultSpool
    /// A claim whose answer was lost may still be under way in the store for so long.
    private let settling: Duration
    private let logger: Logger
    /// When a claim last failed, while there may be strays of it.
    private let failed = Mutex<ContinuousClock.Instant?>(nil)

    init(
        store: any TaskStore, supervisor: SupervisorID, registry: AttemptRegistry, spool: ResultSpool,
        settling: Duration, logger: Logger
    ) {
        self.store = store
        self.supervisor = supervisor
        self.registry = registry
        self.spool = spool
        self.settling = settling
        self.logger = logger
    }

    /// Notes that a claim or an adoption failed, as far as this supervisor knows.
    func claimFailed() { failed.withLock { $0 = .now } }

    /// Looks every `interval` while there may be some, until the task is cancelled.
    /// - Parameters:
    ///   - mayLook: whether every lease that this supervisor knows of is in the registry, or its end is kept.
    ///   - returned: told when tasks may be had again.
    func run(
        every interval: Duration, mayLook: @escaping @Sendable () -> Bool, returned: @escaping @Sendable () -> Void
    ) async {
        for await _ in AsyncTimerSequence(interval: interval, clock: .continuous) {
            guard let last = failed.withLock({ $0 }) else { continue }
            let begun = ContinuousClock.now
            guard let count = await look(mayLook) else { continue }
            if begun - last >= settling { failed.withLock { if $0 == last { $0 = nil } } }
            if count > 0 { returned() }
        }
    }

    /// Gives strays back and returns how many; `nil` when that could not be done now.
    private func look(_ mayLook: () -> Bool) async -> Int? {
        do {
            let held = try await store.leases(of: supervisor)
            // Asked after the store, so that a claim that was under way then is registered by now, and once more after the
            // registry, which lets go of attempts that another supervisor goes on with.
            guard mayLook() else { return nil }
            let strays = held.filter { registry.attempt(under: $0) == nil }
            guard mayLook() else { return nil }
            let spool = spool
            let unknown = try await HostFiles.results.run("the kept ends") {
                strays.filter { spool.age(of: $0) == nil }
            }
            guard !unknown.isEmpty else { return 0 }
            let result = AttemptResult(
                outcome: .workerUnavailable, reason: "the supervisor did not hear that it was given the task",
                disposition: .abandon(delay: 0, countsAsDelivery: false))
            let given = try await store.finish(unknown.map { (lease: $0, result: result) })
            logger.warning(
                "gave back tasks that a claim took whose answer was lost",
                metadata: ["tasks": "\(given.map(\.taskID.rawValue).sorted().joined(separator: " "))"])
            return given.count
        } catch {
            logger.debug("could not look for lost claims", metadata: ["error.message": "\(error)"])
            return nil
        }
    }
}
