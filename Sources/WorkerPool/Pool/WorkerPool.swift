package import Settings
internal import Synchronization
package import TaskModel

/// The workers of one supervisor.
///
/// `PoolState` decides; this class owns the workers and carries decisions out. Every worker's life is a child task of
/// `run`, so when `run` returns nothing of the pool is left.
package final class WorkerPool: Sendable {
    struct Shared {
        var state: PoolState
        var workers: [Int: any Worker] = [:]
        var requests: [Int: WorkerRequest] = [:]
        var attempts: [WorkerID: Int] = [:]
        var nextRequest = 0
        /// The last worker of each profile that failed.
        var failed: [WorkerProfile: WorkerID] = [:]
    }

    /// Told of `start` and `wake` decisions, which need a child task. Unbounded, but never longer than a few entries a
    /// slot: each slot has at most one start under way, and wakes come one per event.
    private enum Order: Sendable {
        case live(slot: Int, any Worker)
        case wake(ContinuousClock.Instant)
        case finish
    }

    let shared: Mutex<Shared>
    private let factory: any WorkerFactory
    private let observer: any PoolObserver
    private let recycle: RecyclePolicy
    private let orders: AsyncStream<Order>
    private let orderly: AsyncStream<Order>.Continuation
    private let changed: AsyncStream<Void>.Continuation
    private let closed = OneShot<Void>()
    private let adopted: [any Worker]

    /// Ticks after anything changed that may let another attempt start; ticks that nobody takes collapse into one.
    package let changes: AsyncStream<Void>

    /// Makes a pool; nothing happens before `run`. `adopted` are the workers of an earlier supervisor, which keep their
    /// slots until they end.
    package init(
        slots: Int, spares: Int = 0, warmProfile: WorkerProfile?, isWarmHeld: Bool = false, rules: RestartSettings,
        recycle: RecyclePolicy, ownMayWait: Bool = true, factory: any WorkerFactory, observer: any PoolObserver,
        adopted: [AdoptedWorker] = []
    ) {
        let state = PoolState(
            slots: slots, spares: spares, warmProfile: warmProfile, isWarmHeld: isWarmHeld, rules: rules,
            ownMayWait: ownMayWait, adopted: adopted.map { ($0.worker.profile, $0.retires) },
            jitter: { Double.random(in: 0.75...1.25) })
        var initial = Shared(state: state)
        for (slot, adoption) in adopted.enumerated() { initial.workers[slot] = adoption.worker }
        self.adopted = adopted.map(\.worker)
        shared = Mutex(initial)
        self.factory = factory
        self.observer = observer
        self.recycle = recycle
        (orders, orderly) = AsyncStream.makeStream()
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs the pool until `close` and the end of its last worker. Cancelling the task closes it by force.
    package func run() async {
        await withTaskCancellationHandler {
            for (slot, worker) in adopted.enumerated() { orderly.yield(.live(slot: slot, worker)) }
            apply(.timer)
            await withDiscardingTaskGroup { group in
                for await order in orders {
                    switch order {
                    case .live(let slot, let worker):
                        group.addTask { await self.live(worker, in: slot) }
                    case .wake(let instant):
                        group.addTask {
                            try? await Task.sleep(until: instant, clock: .continuous)
                            self.apply(.timer)
                        }
                    case .finish:
                        group.cancelAll()
                        return
                    }
                }
            }
        } onCancel: {
            close(force: true)
        }
    }

    /// Asks for a worker of `profile`. The request counts against `freeSlots` from now on; whoever makes it must call
    /// `worker(for:)` once.
    package func request(_ profile: WorkerProfile) -> WorkerRequest {
        let request = shared.withLock { shared in
            shared.nextRequest += 1
            let request = WorkerRequest(id: shared.nextRequest)
            shared.requests[request.id] = request
            return request
        }
        apply(.acquire(waiter: request.id, profile: profile))
        return request
    }

    /// Waits for the worker asked for. It must be given back with `release`.
    ///
    /// - Throws: why there is none, or `pool_closed`; also when the task is cancelled while it waits.
    package func worker(for request: WorkerRequest) async throws(WorkerError) -> any Worker {
        if let result = await request.answer.wait() { return try result.get() }
        let wasWaiting = shared.withLock { $0.requests.removeValue(forKey: request.id) != nil }
        if wasWaiting {
            request.end(.failure(WorkerError(.poolClosed, "the wait for a worker was cancelled")))
            apply(.cancel(waiter: request.id))
        }
        return try await request.answer.value().get()
    }

    /// Gives a worker back after an attempt; it is recycled if the policy says so.
    package func release(_ worker: any Worker, succeeded: Bool) {
        apply { shared in
            guard let slot = shared.workers.first(where: { $0.value === worker })?.key else { return nil }
            let attempts = shared.attempts[worker.id, default: 0] + 1
            shared.attempts[worker.id] = attempts
            return .released(
                slot: slot, recycle: self.recycle.recycles(afterAttempts: attempts, succeeded: succeeded))
        }
    }

    /// How many further attempts could start right now.
    package var freeSlots: Int { shared.withLock { $0.state.freeSlots } }

    /// How many workers have an attempt in hand.
    package var busyCount: Int { shared.withLock { PoolState.Census($0.state.slots).busy } }

    /// How many attempts may run at once.
    package var target: Int { shared.withLock { $0.state.room.target } }

    /// Changes how many attempts may run at once. Busy workers beyond that finish first.
    package func scale(to target: Int) { apply(.scale(to: target)) }

    /// The profile of the pool's own workers.
    package var ownProfile: WorkerProfile? { shared.withLock { $0.state.ownProfile } }

    /// Whether new workers are refused because the last one found no engine.
    package var isEngineUnavailable: Bool { shared.withLock { $0.state.isEngineUnavailable } }

    /// Says whether the engine can be used. While it can't, no worker is started.
    package func engine(answers: Bool) { apply(.engine(answers: answers)) }

    /// Lets every worker that is there look at its container, after the engine was away.
    package func inspectAll() async {
        await withDiscardingTaskGroup { group in
            for worker in workers { group.addTask { await worker.engineReturned() } }
        }
    }

    /// The workers, by slot.
    package var workers: [any Worker] {
        shared.withLock { shared in shared.workers.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// Stops idle workers, lets busy ones finish, and takes no further attempts: another pool does, and who waits is told
    /// so with `pool_replaced`.
    package func drain() { apply(.drain) }

    /// Says whether workers of the warm profile can't be made yet, because its image is not there.
    package func holdWarm(_ isHeld: Bool) { apply(.warmHeld(isHeld)) }

    /// Ends the pool: idle workers now, busy ones when released, or all at once with `force`.
    package func close(force: Bool) { apply(.close(force: force)) }

    /// Notes that a worker that was taken over has an attempt in hand, so that it is given to nobody until its `release`.
    package func occupy(_ worker: any Worker) {
        apply { shared in
            shared.workers.first { $0.value === worker }.map { .occupied(slot: $0.key) }
        }
    }

    /// Ends the pool but leaves its workers as they are, for another supervisor to take over.
    package func detach() { apply(.detach) }

    /// Waits until a closed pool has no worker left.
    package func waitUntilClosed() async { _ = await closed.wait() }

    /// Replaces a worker: when it has finished its attempt, or at once with `force`. Returns whether there is such a
    /// worker.
    package func stop(worker id: WorkerID, force: Bool) -> Bool {
        guard let (slot, worker) = shared.withLock({ shared in shared.workers.first { $0.value.id == id } }) else {
            return false
        }
        if force {
            worker.stop(force: true)
        } else {
            worker.drain()
            apply(.retire(slot: slot))
        }
        return true
    }

    // MARK: Carrying decisions out

    private func live(_ worker: any Worker, in slot: Int) async {
        let begun = ContinuousClock.now
        observer.workerStarting(worker)
        let end = await worker.run { change in
            if change == .ready { self.observer.workerReady(worker, elapsed: ContinuousClock.now - begun) }
            self.observer.workerChanged(worker, change)
            self.apply(.changed(slot: slot, change))
        }
        observer.workerEnded(worker, end)
        apply { shared in
            shared.workers[slot] = nil
            shared.attempts[worker.id] = nil
            if end != .stopped { shared.failed[worker.profile] = worker.id }
            return .ended(slot: slot, end)
        }
    }

    func apply(_ event: PoolState.Event) { apply { _ in event } }

    /// Feeds one event to the machine under the lock and carries its actions out after it.
    private func apply(_ event: (inout Shared) -> PoolState.Event?) {
        var effects: [() -> Void] = []
        shared.withLock { shared in
            guard let event = event(&shared) else { return }
            for action in shared.state.handle(event, now: .now) { prepare(action, &shared, &effects) }
        }
        for effect in effects { effect() }
        changed.yield()
    }

    /// Changes what belongs to the lock now and returns the rest as an effect to run without it.
    private func prepare(
        _ action: PoolState.Action, _ shared: inout Shared, _ effects: inout [() -> Void]
    ) {
        let orderly = self.orderly
        let observer = self.observer
        switch action {
        case .start(let slot, let profile):
            let worker = factory.makeWorker(profile: profile)
            shared.workers[slot] = worker
            effects.append { orderly.yield(.live(slot: slot, worker)) }
        case .stop(let slot, let force):
            guard let worker = shared.workers[slot] else { return }
            effects.append { worker.stop(force: force) }
        case .detach(let slot):
            guard let worker = shared.workers[slot] else { return }
            effects.append { worker.detach() }
        case .grant(let waiter, let slot):
            guard let request = shared.requests.removeValue(forKey: waiter), let worker = shared.workers[slot] else {
                // The request was given up between the decision's cause and now: the worker is free again.
                for action in shared.state.handle(.released(slot: slot, recycle: false), now: .now) {
                    prepare(action, &shared, &effects)
                }
                return
            }
            effects.append { request.end(.success(worker)) }
        case .reject(let waiter, let error):
            guard let request = shared.requests.removeValue(forKey: waiter) else { return }
            effects.append { request.end(.failure(error)) }
        case .notify(let waiter, let trouble):
            guard let request = shared.requests[waiter] else { return }
            effects.append { request.notifier.yield(trouble.notice(now: .now)) }
        case .wake(let instant):
            effects.append { orderly.yield(.wake(instant)) }
        case .crashLooping(let trouble):
            effects.append { observer.crashLooping(trouble, wait: trouble.retryAt - .now) }
        case .finished:
            effects.append { [closed] in
                orderly.yield(.finish)
                closed.set(())
            }
        }
    }
}
