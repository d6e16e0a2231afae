internal import AsyncAlgorithms
internal import Logging
internal import Settings
internal import Synchronization
internal import TaskModel
internal import TaskStore
internal import WorkerPool

/// Claims tasks as fast as workers become free, and no more than can start at once, but for those whose image has to be pulled:
/// `ImageWaits` says how many of them may be leased while they wait.
final class Dispatcher: Sendable {
    private let store: any TaskStore
    private let pool: WorkerPool
    private let registry: AttemptRegistry
    private let planner: AttemptPlanner
    private let runner: AttemptRunner
    private let gate: ImageGate?
    private let claim: ClaimRequest
    /// How many tasks may be claimed now, whatever workers are free. Asked only when they are claimed then.
    private let room: @Sendable () -> Int
    /// How many more tasks may be claimed of some queues.
    private let queueRoom: @Sendable () -> [String: Int]
    private let pollInterval: Duration
    /// Whether nobody tells of tasks, so that they must be looked for now and then.
    private let mustPoll: @Sendable () -> Bool
    /// When to look for tasks though nobody tells of any: when the next is due that waits for its time, or at once because
    /// the store did not say what it has.
    private let due = Mutex<ContinuousClock.Instant?>(nil)
    private let strays: StrayLeases
    private let metrics: SupervisorMetrics
    private let logger: Logger
    /// Why nothing is claimed any more.
    private enum Closing { case shutdown, successor }

    private let closing = Mutex<Closing?>(nil)
    private let isPaused = Mutex(false)
    private let weights: Mutex<QueueWeights?>
    private let oldest: Mutex<OldestTurns>
    /// Whether a claim is under way, or its tasks are not registered yet.
    private let claiming = Mutex(false)
    /// Attempts whose worker has not been asked for yet.
    private let planning = Mutex(0)
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init(
        store: any TaskStore, pool: WorkerPool, registry: AttemptRegistry, planner: AttemptPlanner,
        runner: AttemptRunner, gate: ImageGate?, claim: ClaimRequest, weights: QueueWeights? = nil,
        oldest: OldestTurns = OldestTurns(every: 0),
        queueRoom: @escaping @Sendable () -> [String: Int] = { [:] },
        room: @escaping @Sendable () -> Int, pollInterval: Duration, mustPoll: @escaping @Sendable () -> Bool,
        strays: StrayLeases, metrics: SupervisorMetrics, logger: Logger
    ) {
        self.store = store
        self.pool = pool
        self.registry = registry
        self.planner = planner
        self.runner = runner
        self.gate = gate
        self.claim = claim
        self.weights = Mutex(weights)
        self.oldest = Mutex(oldest)
        self.queueRoom = queueRoom
        self.room = room
        self.pollInterval = pollInterval
        self.mustPoll = mustPoll
        self.strays = strays
        self.metrics = metrics
        self.logger = logger
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Looks for tasks now instead of at the next poll.
    func wake() { waker.yield() }

    /// Whether tasks may be claimed of which the registry does not know yet.
    var isClaiming: Bool { claiming.withLock { $0 } }

    /// Claims nothing until `goOn`.
    func pause() { isPaused.withLock { $0 = true } }

    /// Claims again.
    func goOn() {
        isPaused.withLock { $0 = false }
        waker.yield()
    }

    /// Claims nothing any more; `run` returns when the attempts under way have ended.
    func close() {
        closing.withLock { $0 = .shutdown }
        waker.yield()
    }

    /// As `close`, but another dispatcher goes on: what is claimed just now is not told of a shutdown.
    func giveWay() {
        closing.withLock { $0 = $0 ?? .successor }
        waker.yield()
    }

    /// Claims and runs until `close`.
    func run() async {
        await withDiscardingTaskGroup { group in
            let timer = Beats(every: pollInterval)
                .filter { now in self.mustLook(at: now) }.map { _ in }
            for await _ in merge(wakes, pool.changes, timer) {
                if closing.withLock({ $0 }) != nil { return }
                while true {
                    claiming.withLock { $0 = true }
                    defer { claiming.withLock { $0 = false } }
                    // Leases last from before the store was asked, not from when it answered.
                    let asked = ContinuousClock.now
                    guard let claims = await claimFree() else { break }
                    for claim in claims { start(claim, askedAt: asked, in: &group) }
                }
            }
        }
    }

    /// Claims as many tasks as there are free workers; `nil` when there is no worker or no task.
    private func claimFree() async -> [ClaimedTask]? {
        var request = claim
        let allowance = gate?.allowance
        if let allowance { request.images = allowance.images }
        // Those that are looked at may come to wait for an image, too.
        let next = min(pool.freeSlots, allowance?.limit ?? .max) - planning.withLock { $0 }
        guard next > 0, closing.withLock({ $0 }) == nil, !isPaused.withLock({ $0 }) else { return nil }
        // Asked last, because it may be given only once.
        request.limit = min(next, room())
        guard request.limit > 0 else { return nil }
        do {
            let limits = queueRoom()
            request.turns = weights.withLock { $0?.turns.limited(by: limits) } ?? QueueTurns(limits: limits)
            request.byAge = oldest.withLock { $0.isDue }
            let claims = try await store.claim(request)
            let conflicts = store.takeClaimConflicts()
            metrics.claimsConflicted(conflicts)
            if !claims.isEmpty { oldest.withLock { $0.took() } }
            weights.withLock { $0?.took(claims.map(\.task.spec.queue)) }
            if claims.isEmpty {
                // Others had all of them in hand, and leave some without a word.
                if conflicts > 0 { lookAgain() } else { try await noteDue() }
            }
            return claims.isEmpty ? nil : claims
        } catch {
            metrics.storeFailed()
            metrics.claimsConflicted(store.takeClaimConflicts())
            logger.warning("could not claim tasks", metadata: ["error.message": "\(error)"])
            strays.claimFailed()
            lookAgain()
            return nil
        }
    }

    /// Has a look taken soon also where nobody polls, because nobody tells of the same tasks again.
    private func lookAgain() { due.withLock { $0 = .now } }

    /// Whether to look for tasks although nobody told of any.
    private func mustLook(at now: ContinuousClock.Instant) -> Bool {
        mustPoll() || due.withLock { $0.map { $0 <= now } ?? false }
    }

    /// Where nobody polls, a task that waits for its time must be remembered.
    private func noteDue() async throws(StoreError) {
        guard !mustPoll() else { return }
        let wait = try await store.untilDue(queues: claim.queues)
        due.withLock { $0 = wait.map { .now + $0 } }
    }

    private func start(
        _ claim: ClaimedTask, askedAt asked: ContinuousClock.Instant, in group: inout DiscardingTaskGroup
    ) {
        let attempt = RunningAttempt(claim: claim, askedAt: asked)
        registry.add(attempt)
        metrics.attemptClaimed(running: registry.count)
        // After adding it: whoever closes looks at the registry next.
        if closing.withLock({ $0 }) == .shutdown { attempt.stopIntent.set(.shutdown) }
        let plan = Result { () throws(WorkerError) in try planner.plan(for: claim.task) }
        if case .success(let draft) = plan, draft.needsLook {
            planning.withLock { $0 += 1 }
            group.addTask { await self.run(attempt, draft) }
            return
        }
        if let gate, case .success(let ready) = plan, mustPass(gate, ready) {
            gate.enter(ready.profile.image)
            group.addTask { await self.run(attempt, ready, through: gate) }
            return
        }
        // Asked for here and not in the child task, so that the next look at `freeSlots` already counts it.
        let request = (try? plan.get()).map { pool.request($0.profile) }
        group.addTask { await self.run(attempt, plan, request) }
    }

    /// Runs an attempt whose files are to be looked at first: a disk that does not answer must hold up nothing else.
    private func run(_ attempt: RunningAttempt, _ draft: AttemptPlan) async {
        let plan: Result<AttemptPlan, WorkerError>
        do throws(WorkerError) {
            plan = .success(try await planner.complete(draft))
        } catch {
            plan = .failure(error)
        }
        if let gate, case .success(let ready) = plan, ready.skip == nil, mustPass(gate, ready) {
            gate.enter(ready.profile.image)
            planning.withLock { $0 -= 1 }
            wake()
            return await run(attempt, ready, through: gate)
        }
        let request = (try? plan.get()).flatMap { $0.skip == nil ? pool.request($0.profile) : nil }
        planning.withLock { $0 -= 1 }
        wake()
        await run(attempt, plan, request)
    }

    /// Whether an attempt has to wait for its image. The workers that are there while the engine is away have theirs.
    private func mustPass(_ gate: ImageGate, _ plan: AttemptPlan) -> Bool {
        if pool.isEngineUnavailable, plan.profile == pool.ownProfile { return false }
        return !gate.isReady(plan.profile.image)
    }

    /// Runs an attempt whose image may have to be pulled first. It has no place in the pool's line until then.
    private func run(
        _ attempt: RunningAttempt, _ plan: AttemptPlan, through gate: ImageGate
    ) async {
        do throws(WorkerError) {
            // Tasks of this image may have been passed over until now.
            defer { wake() }
            try await gate.pass(plan.profile.image, stop: attempt.stopIntent)
        } catch {
            return await run(attempt, .failure(error), nil)
        }
        await run(attempt, .success(plan), pool.request(plan.profile))
    }

    private func run(
        _ attempt: RunningAttempt, _ plan: Result<AttemptPlan, WorkerError>, _ request: WorkerRequest?
    ) async {
        await runner.run(attempt, plan, request)
        metrics.attemptFinished(running: registry.count)
    }
}
