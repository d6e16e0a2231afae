internal import AgentProtocol
internal import Logging
internal import Synchronization
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Gives back what the store leased to this supervisor without its knowing, because the answer to a claim was lost, and what
/// ended without the store's knowing, because it did not take the end: others may take those tasks only once their leases
/// have run out, and where nobody recovers tasks not even then.
final class StrayLeases: Sendable {
    private let store: any TaskStore
    private let supervisor: SupervisorID
    private let registry: AttemptRegistry
    private let spool: ResultSpool
    /// A claim whose answer was lost may still be under way in the store for so long, which is no less than a lease lasts.
    private let settling: Duration
    private let metrics: SupervisorMetrics
    private let logger: Logger
    /// When a claim last failed or an end was lost, while there may be strays of it.
    private let failed = Mutex<ContinuousClock.Instant?>(nil)
    /// The ends with which leases go back whose own were lost.
    private let substitutes = Mutex<[Lease: AttemptResult]>([:])
    private let refused = Mutex<[Refused]>([])
    private let delays = Mutex(StrayDelays())

    /// An attempt that may be this supervisor's, on a worker that is to go because nobody heard whether it is.
    private struct Refused: Sendable {
        let task: TaskID
        let attempt: Int
        let worker: WorkerID
        let installation: String
        let at: ContinuousClock.Instant
    }

    init(
        store: any TaskStore, supervisor: SupervisorID, registry: AttemptRegistry, spool: ResultSpool,
        settling: Duration, metrics: SupervisorMetrics, logger: Logger
    ) {
        self.store = store
        self.supervisor = supervisor
        self.registry = registry
        self.spool = spool
        self.settling = settling
        self.metrics = metrics
        self.logger = logger
    }

    /// Notes that a claim or an adoption failed, as far as this supervisor knows.
    func claimFailed() { failed.withLock { $0 = .now } }

    /// Notes that the end of an attempt could neither be recorded nor kept; `substitute` says so in its place.
    func endWasLost(under lease: Lease, substitute: AttemptResult) {
        substitutes.withLock { $0[lease] = substitute }
        failed.withLock { $0 = .now }
    }

    /// Keeps the lease of an attempt until the worker that has it in hand is gone, and no longer than a lease lasts: by then
    /// its agent has killed what nobody looks after.
    func spare(_ ref: AttemptRef, on worker: WorkerID, of installation: String) {
        let one = Refused(
            task: TaskID(rawValue: ref.taskID), attempt: ref.attempt, worker: worker, installation: installation,
            at: .now)
        refused.withLock { $0.append(one) }
    }

    /// Looks every `interval` while there may be some, until the task is cancelled.
    /// - Parameters:
    ///   - mayLook: whether every lease that this supervisor knows of is in the registry, or its end is kept.
    ///   - returned: told when tasks may be had again.
    func run(
        every interval: Duration, mayLook: @escaping @Sendable () -> Bool, returned: @escaping @Sendable () -> Void
    ) async {
        for await _ in Beats(every: interval) {
            guard let last = failed.withLock({ $0 }) else { continue }
            let begun = ContinuousClock.now
            do throws(StoreError) {
                guard let found = try await look(mayLook) else { continue }
                if begun - last >= settling, found.isSettled { failed.withLock { if $0 == last { $0 = nil } } }
                if found.returned > 0 { returned() }
            } catch {
                logger.debug("could not look for lost claims", metadata: ["error.message": "\(error)"])
            }
        }
    }

    /// Gives strays back when nothing is claimed and nothing runs any more, and returns the leases that are left.
    ///
    /// - Throws: when the store does not say or take them.
    func giveBack() async throws(StoreError) -> [Lease] { try await look { true }?.left ?? [] }

    /// What a look came to.
    private struct Found {
        /// How many leases were given back.
        var returned = 0
        /// Those that are still this supervisor's.
        var left: [Lease]
        /// Whether none of them may be given back later.
        var isSettled = true
    }

    /// Gives strays back; returns `nil` when that could not be done now.
    private func look(_ mayLook: () -> Bool) async throws(StoreError) -> Found? {
        let held = try await store.leases(of: supervisor)
        // Asked after the store, so that a claim that was under way then is registered by now, and once more after the
        // registry, which lets go of attempts that another supervisor goes on with.
        guard mayLook() else { return nil }
        let strays = held.filter { registry.attempt(under: $0) == nil }
        guard mayLook() else { return nil }
        guard !strays.isEmpty else { return Found(left: held) }
        let spool = spool
        let kept = try? await HostFiles.results.run("the kept ends") { strays.filter { spool.age(of: $0) != nil } }
        // Nobody can tell which of them wait for the store.
        guard let kept else { return Found(left: held, isSettled: false) }
        let unknown = strays.filter { !kept.contains($0) }
        let spared = try await spared(among: unknown)
        let gone = unknown.filter { !spared.contains($0) }
        guard !gone.isEmpty else { return Found(left: held, isSettled: spared.isEmpty) }
        let substitutes = substitutes.withLock { substitutes in
            substitutes = substitutes.filter { held.contains($0.key) }
            return substitutes
        }
        let given = try await store.finish(
            gone.map { (lease: $0, result: substitutes[$0] ?? unheard($0)) })
        // Those that ended meanwhile were none.
        let left = held.filter { !gone.contains($0) }
        guard !given.isEmpty else { return Found(left: left, isSettled: spared.isEmpty) }
        note(unheard: given.filter { substitutes[$0] == nil })
        note(unrecorded: given.compactMap { lease in substitutes[lease].map { (lease, $0) } })
        return Found(returned: given.count, left: left, isSettled: spared.isEmpty)
    }

    private func unheard(_ lease: Lease) -> AttemptResult {
        let delay = delays.withLock { $0.delay(for: lease.taskID, now: .now) }
        return AttemptResult(
            outcome: .workerUnavailable, reason: "the supervisor did not hear that it was given the task",
            disposition: .abandon(delay: delay, countsAsDelivery: false))
    }

    private func note(unrecorded ends: [(lease: Lease, substitute: AttemptResult)]) {
        for (lease, substitute) in ends {
            if substitute.disposition.triesAgain { metrics.triedAgain(after: substitute.outcome) }
            if case .deadLetter = substitute.disposition { metrics.deadLettered(substitute.outcome) }
            logger.warning(
                "gave back a task whose end was lost",
                metadata: ["task.id": "\(lease.taskID)", "task.reason": "\(substitute.reason)"])
        }
    }

    private func note(unheard leases: Set<Lease>) {
        guard !leases.isEmpty else { return }
        delays.withLock { delays in
            for lease in leases { delays.gaveBack(lease.taskID, now: .now) }
        }
        logger.warning(
            "gave back tasks that a claim took whose answer was lost",
            metadata: ["tasks": "\(leases.map(\.taskID.rawValue).sorted().joined(separator: " "))"])
    }

    /// Those whose attempts may still run on workers that were refused and are not known to be gone.
    private func spared(among strays: [Lease]) async throws(StoreError) -> Set<Lease> {
        let now = ContinuousClock.now
        let refused = refused.withLock { refused in
            refused.removeAll { now - $0.at >= settling }
            return refused
        }
        var spared: Set<Lease> = []
        for one in refused {
            let leases = strays.filter { $0.taskID == one.task && $0.attempt == one.attempt }
            // A row stays until its container is known to be gone.
            guard !leases.isEmpty else { continue }
            let rows = try await store.workers(installation: one.installation)
            if rows.contains(where: { $0.id == one.worker }) { spared.formUnion(leases) }
        }
        return spared
    }
}
