package import Settings
internal import TaskModel

/// What the pool does next: a pure machine whose events return actions.
///
/// A slot is capacity; it is vacant, or holds one worker of some profile. A waiter is an attempt that needs a worker of
/// a profile. After every event `settle` matches the two: idle workers go to waiters, vacant slots start what is
/// asked for, an idle worker nobody asks for makes room, and slots nobody needs keep a worker of the warm profile.
package struct PoolState: Sendable {
    /// What happens to the pool. `slot` is an index into the pool's slots.
    package enum Event: Sendable {
        case acquire(waiter: Int, profile: WorkerProfile)
        case cancel(waiter: Int)
        case changed(slot: Int, WorkerChange)
        case released(slot: Int, recycle: Bool)
        case retire(slot: Int)
        case ended(slot: Int, WorkerEnd)
        case timer
        /// Forgets the failures of a profile, or of all.
        case forgive(WorkerProfile?)
        /// Whether the engine can be used, by the word of those who watch it.
        case engine(answers: Bool)
        /// The warm profile's image is not there yet, or is there now.
        case warmHeld(Bool)
        /// Changes how many attempts may run at once.
        case scale(to: Int)
        case drain
        case close(force: Bool)
        /// A worker that was taken over has an attempt in hand.
        case occupied(slot: Int)
        /// Every worker is left to another supervisor.
        case detach
    }

    /// What the pool must do about it.
    package enum Action: Sendable, Equatable {
        case start(slot: Int, WorkerProfile)
        case stop(slot: Int, force: Bool)
        case detach(slot: Int)
        case grant(waiter: Int, slot: Int)
        case reject(waiter: Int, WorkerError)
        case wake(at: ContinuousClock.Instant)
        /// Tells a waiter why it still waits.
        case notify(waiter: Int, ProfileTrouble)
        /// Workers of a profile begin to keep failing.
        case crashLooping(ProfileTrouble)
        case finished
    }

    enum Mode { case open, draining, closing(force: Bool), detaching, finished }

    struct Waiter {
        let id: Int
        let profile: WorkerProfile
    }

    /// The slots.
    package internal(set) var slots: [Slot]
    /// How many workers there may be.
    package internal(set) var room: PoolRoom
    let warmProfile: WorkerProfile?
    let ownMayWait: Bool
    var isWarmHeld: Bool
    var waiters: [Waiter] = []
    var ledger: FailureLedger
    var mode = Mode.open
    var engineAnswers = true
    var engineIsAway = false
    var engineRetry: ContinuousClock.Instant?
    var nextWake: ContinuousClock.Instant?
    static let engineRetryInterval = Duration.seconds(1)

    /// Makes a pool of vacant slots. Idle slots are kept filled with workers of `warmProfile`, unless it is held: then
    /// they stay vacant for others.
    ///
    /// - Parameters:
    ///   - slots: how many attempts may run at once.
    ///   - spares: how many workers are made ahead beside those.
    ///   - isWarmHeld: whether the warm profile's image is not there yet.
    ///   - ownMayWait: whether who asks for the warm profile waits while its workers keep failing, instead of being told.
    ///   - adopted: workers that were taken over and whose agents have not called yet; they have the first slots. If they
    ///     are more than `slots`, the rest of them go as soon as they have nothing to do.
    ///   - jitter: a factor around 1 for each back-off.
    package init(
        slots: Int, spares: Int = 0, warmProfile: WorkerProfile?, isWarmHeld: Bool = false, rules: RestartSettings,
        ownMayWait: Bool = true, adopted: [(profile: WorkerProfile, retires: Bool)] = [],
        jitter: @escaping @Sendable () -> Double = { 1 }
    ) {
        let room = PoolRoom(target: slots, spares: spares)
        self.room = room
        self.slots = adopted.enumerated().map { index, worker in
            Slot(phase: .starting, profile: worker.profile, retires: worker.retires || index >= room.live)
        }
        self.slots += Array(repeating: Slot(), count: max(0, room.all - adopted.count))
        self.warmProfile = warmProfile
        self.isWarmHeld = isWarmHeld
        self.ownMayWait = ownMayWait
        ledger = FailureLedger(rules: rules, jitter: jitter)
    }

    /// How many further attempts could start right now.
    package var freeSlots: Int {
        guard case .open = mode else { return 0 }
        if isEngineUnavailable { return readyWithoutEngine }
        // Who waits has a slot on the way whenever one is usable: `settle` sees to it, so nothing is to be deducted.
        let idle = slots.count { slot in
            guard case .idle = slot.phase else { return false }
            return slot.answers
        }
        let census = Census(slots)
        let allowed = max(0, room.target - census.busy)
        let opening = census.opening(in: room)
        guard let warmProfile, !isWarmHeld else { return min(allowed, idle + opening) }
        // A slot is left vacant because workers of the pool's own profile fail. A task is let in for each, for it may ask
        // for another profile; more would only wait for the same failure.
        let heldBack = ledger.hasFailures(warmProfile) ? max(0, opening - waiters.count) : 0
        return min(allowed, idle + heldBack)
    }

    /// What keeps workers of some profiles from being started.
    package func troubles(at now: ContinuousClock.Instant) -> [ProfileTrouble] { ledger.troubles(at: now) }

    /// The profile of the pool's own workers.
    package var ownProfile: WorkerProfile? { warmProfile }

    /// Whether new workers are refused because the last one found no engine.
    package var isEngineUnavailable: Bool { engineIsAway || !engineAnswers }

    /// Workers of the pool's own profile that are idle need no engine to run a task; who asks for another profile has to
    /// wait, and takes the place of one who would not.
    var readyWithoutEngine: Int {
        let idle = slots.indices.count { isIdle($0) && slots[$0].answers && slots[$0].profile == warmProfile }
        return max(0, min(idle - waiters.count, room.target - Census(slots).busy))
    }

    /// Whether the pool takes attempts.
    package var isOpen: Bool { if case .open = mode { true } else { false } }

    /// Takes an event and returns what is to be done, in order.
    package mutating func handle(_ event: Event, now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .acquire(let waiter, let profile):
            guard isOpen else { return [.reject(waiter: waiter, closedError)] }
            if !mayWait(profile, now), let trouble = ledger.trouble(of: profile, at: now) {
                return [.reject(waiter: waiter, WorkerError(.crashLooping, trouble.words))]
            }
            waiters.append(Waiter(id: waiter, profile: profile))
            if let trouble = ledger.trouble(of: profile, at: now) { actions.append(.notify(waiter: waiter, trouble)) }
        case .cancel(let waiter):
            waiters.removeAll { $0.id == waiter }
        case .changed(let slot, let change):
            changed(slot, change, now)
        case .released(let slot, let recycle):
            if slots[slot].phase == .busy {
                if let profile = slots[slot].profile { ledger.succeeded(profile) }
                if recycle || slots[slot].retires {
                    stop(slot, force: false, &actions)
                } else {
                    slots[slot].phase = .idle(since: now)
                }
            }
        case .retire(let slot):
            slots[slot].retires = true
            if isIdle(slot) { stop(slot, force: false, &actions) }
        case .ended(let slot, let end):
            ended(slot, end, now, &actions)
        case .timer:
            break
        case .scale(let target):
            room.target = target
            slots += Array(repeating: Slot(), count: max(0, room.all - slots.count))
        case .forgive(let profile):
            ledger.forgive(profile)
        case .engine(let answers):
            engineIsAway = !answers
            if answers {
                engineAnswers = true
                engineRetry = nil
            }
        case .warmHeld(let isHeld):
            isWarmHeld = isHeld
        case .drain:
            if isOpen { mode = .draining }
            rejectAll(&actions)
        case .close(let force):
            switch mode {
            case .finished, .detaching: return []
            case .closing(let wasForced): mode = .closing(force: force || wasForced)
            case .open, .draining: mode = .closing(force: force)
            }
            rejectAll(&actions)
        case .occupied(let slot):
            if slots[slot].phase == .starting { slots[slot].phase = .busy }
        case .detach:
            detach(&actions)
        }
        settle(now, &actions)
        return actions
    }

    /// Leaves workers to another supervisor; those that are not worth it, because nothing of them is ready, end.
    mutating func detach(_ actions: inout [Action]) {
        switch mode {
        case .open, .draining: mode = .detaching
        case .closing, .detaching, .finished: return
        }
        rejectAll(&actions)
        for slot in slots.indices {
            switch slots[slot].phase {
            case .vacant: break
            case .idle, .busy:
                slots[slot].phase = .stopping
                actions.append(.detach(slot: slot))
            case .starting, .stopping: stop(slot, force: true, &actions)
            }
        }
    }

    mutating func changed(_ slot: Int, _ change: WorkerChange, _ now: ContinuousClock.Instant) {
        switch change {
        case .started: break
        case .ready:
            engineAnswers = true
            slots[slot].answers = true
            if let profile = slots[slot].profile { ledger.ready(profile) }
            if slots[slot].phase == .starting { slots[slot].phase = .idle(since: now) }
        case .silent:
            slots[slot].answers = false
        case .answering:
            slots[slot].answers = true
        case .engineSilent:
            engineAnswers = false
            engineRetry = now.advanced(by: Self.engineRetryInterval)
        case .engineAnswering:
            engineAnswers = true
        case .leaving:
            if slots[slot].phase == .busy { slots[slot].lostAttempt = true }
            if slots[slot].phase != .vacant { slots[slot].phase = .stopping }
        }
    }

    mutating func ended(
        _ slot: Int, _ end: WorkerEnd, _ now: ContinuousClock.Instant, _ actions: inout [Action]
    ) {
        let past = slots[slot]
        slots[slot] = Slot()
        guard let profile = past.profile else { return }
        switch end {
        case .stopped, .detached:
            break
        case .lost where past.lostAttempt:
            // What happens under a task may be the task's doing, and `maxDeliveries` bounds how often.
            break
        case .lost(let loss):
            // The engine's end says nothing about a profile.
            if !loss.engineStopped { spend(profile, loss.observation, past.begun, now, &actions) }
        case .startFailed(let error) where error.code == .engineUnavailable:
            // The engine's trouble is neither the profile's nor the task's: nothing is spent, and who waits goes on
            // waiting until it answers again.
            engineAnswers = false
            engineRetry = now.advanced(by: Self.engineRetryInterval)
        case .startFailed(let error):
            engineAnswers = true
            // What stands in the way is the wish itself, or was tried often enough: waiting is no use.
            if error.code.isPermanent { reject(waiters.count, of: profile, error, &actions) }
            spend(profile, error.message, past.begun, now, &actions)
            if error.code.failsTask, profile != warmProfile || ledger.isExhausted(profile, at: now) {
                reject(1, of: profile, error, &actions)
            }
        }
    }

    /// Counts a failure, and tells who waits for the profile: that it waits, or that it is no use.
    mutating func spend(
        _ profile: WorkerProfile, _ reason: String, _ begun: ContinuousClock.Instant?, _ now: ContinuousClock.Instant,
        _ actions: inout [Action]
    ) {
        if let trouble = ledger.failed(profile, reason, begun: begun, at: now) {
            actions.append(.crashLooping(trouble))
        }
        guard let trouble = ledger.trouble(of: profile, at: now) else { return }
        if mayWait(profile, now) {
            for waiter in waiters where waiter.profile == profile {
                actions.append(.notify(waiter: waiter.id, trouble))
            }
        } else {
            reject(waiters.count, of: profile, WorkerError(.crashLooping, trouble.words), &actions)
        }
    }

    /// Passing trouble of the pool's own profile is the pool's: who waits for it goes on waiting. Whoever brought a
    /// profile of its own waits until its budget says that the trouble does not pass.
    func mayWait(_ profile: WorkerProfile, _ now: ContinuousClock.Instant) -> Bool {
        (profile == warmProfile && ownMayWait) || !ledger.isExhausted(profile, at: now)
    }

    mutating func reject(
        _ most: Int, of profile: WorkerProfile, _ error: WorkerError, _ actions: inout [Action]
    ) {
        for _ in 0..<most {
            guard let index = waiters.firstIndex(where: { $0.profile == profile }) else { return }
            actions.append(.reject(waiter: waiters.remove(at: index).id, error))
        }
    }
}
