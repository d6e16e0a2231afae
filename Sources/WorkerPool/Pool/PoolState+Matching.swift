/// Matching slots to what is asked for: who gets an idle worker, and which workers are started and stopped for that.
extension PoolState {
    mutating func settle(_ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        switch mode {
        case .open:
            for slot in slots.indices where isIdle(slot) && slots[slot].retires { stop(slot, force: false, &actions) }
            grantIdle(&actions)
            shrink(&actions)
            // Whoever watches the engine says when it can be asked again.
            if engineIsAway { break }
            makeRoom(now, &actions)
            fillWarm(now, &actions)
            tryEngine(now, &actions)
        case .draining:
            for slot in slots.indices where isIdle(slot) { stop(slot, force: false, &actions) }
        case .closing(let force):
            for slot in slots.indices {
                switch slots[slot].phase {
                case .idle, .starting: stop(slot, force: force, &actions)
                case .busy where force: stop(slot, force: true, &actions)
                case .stopping where force: actions.append(.stop(slot: slot, force: true))
                case .vacant, .busy, .stopping: break
                }
            }
            finishIfEmpty(&actions)
        case .detaching:
            finishIfEmpty(&actions)
        case .finished:
            break
        }
    }

    mutating func finishIfEmpty(_ actions: inout [Action]) {
        guard slots.allSatisfy({ $0.phase == .vacant }) else { return }
        mode = .finished
        actions.append(.finished)
    }

    mutating func grantIdle(_ actions: inout [Action]) {
        var left: [Waiter] = []
        // Who still waits when a pool shrinks to nothing is served by one worker after the other.
        var allowed = max(room.target, 1) - Census(slots).busy
        for waiter in waiters {
            guard allowed > 0,
                let slot = slots.indices.first(where: {
                    isIdle($0) && slots[$0].answers && slots[$0].profile == waiter.profile
                })
            else {
                left.append(waiter)
                continue
            }
            allowed -= 1
            slots[slot].phase = .busy
            actions.append(.grant(waiter: waiter.id, slot: slot))
        }
        waiters = left
    }

    /// Stops what is idle or on the way beyond what there may be, longest idle first. A worker that was taken over may
    /// have an attempt in hand until its agent has called.
    mutating func shrink(_ actions: inout [Action]) {
        // Those that retire go when they have nothing to do, and take nobody's place.
        for _ in 0..<max(0, Census(slots.filter { !$0.retires }).live - roomInForce.live) {
            guard let slot = longestIdle() ?? slots.indices.first(where: isStarted) else {
                return
            }
            stop(slot, force: false, &actions)
        }
    }

    /// A pool that shrank to nothing keeps a worker while somebody waits.
    var roomInForce: PoolRoom {
        room.target == 0 && !waiters.isEmpty ? PoolRoom(target: 1, spares: 0) : room
    }

    /// Starts a worker for each waiter that none is on the way for: in a vacant slot, or by stopping the worker that
    /// has been idle longest. Slots that are being emptied count as room on the way.
    mutating func makeRoom(_ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        var onTheWay: [WorkerProfile: Int] = [:]
        // One that is idle still is so because no more attempts may run at once.
        for (index, slot) in slots.enumerated() where slot.phase == .starting || (isIdle(index) && slot.answers) {
            if let profile = slot.profile { onTheWay[profile, default: 0] += 1 }
        }
        let room = roomInForce
        var emptying = Census(slots).coming(in: room)
        for waiter in waiters {
            if let coming = onTheWay[waiter.profile], coming > 0 {
                onTheWay[waiter.profile] = coming - 1
                continue
            }
            // A profile that has to wait makes no room yet: others can use it meanwhile.
            guard mayStart(waiter.profile, now, &actions) else { continue }
            if vacancy(in: room) == nil, emptying <= 0, let slot = longestIdle() { stop(slot, force: false, &actions) }
            if let slot = vacancy(in: room) {
                guard engineMayBeAsked(now, &actions) else { return }
                start(slot, waiter.profile, now, &actions)
            } else {
                emptying -= 1
            }
        }
    }

    mutating func fillWarm(_ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        guard let warmProfile, !isWarmHeld, vacancy(in: room) != nil, engineMayBeAsked(now, &actions) else { return }
        while let slot = vacancy(in: room) {
            guard mayStart(warmProfile, now, &actions) else { return }
            start(slot, warmProfile, now, &actions)
        }
    }

    /// A slot in which a worker may be started now.
    func vacancy(in room: PoolRoom) -> Int? {
        Census(slots).opening(in: room) > 0 ? slots.firstIndex { $0.phase == .vacant } : nil
    }

    mutating func mayStart(
        _ profile: WorkerProfile, _ now: ContinuousClock.Instant, _ actions: inout [Action]
    ) -> Bool {
        guard let next = ledger.nextStart(profile, at: now), next > now else { return true }
        wake(at: next, now, &actions)
        return false
    }

    mutating func engineMayBeAsked(_ now: ContinuousClock.Instant, _ actions: inout [Action]) -> Bool {
        guard !engineAnswers, let engineRetry, engineRetry > now else { return true }
        wake(at: engineRetry, now, &actions)
        return false
    }

    /// When nothing under way will tell whether the engine answers again, the next attempt is let in to find out.
    mutating func tryEngine(_ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        guard !engineAnswers, engineMayBeAsked(now, &actions) else { return }
        engineAnswers = !slots.contains { slot in
            switch slot.phase {
            case .vacant: false
            case .starting, .stopping: true
            case .idle, .busy: !slot.answers
            }
        }
    }

    /// Asks for a timer unless one is set already that comes no later.
    mutating func wake(
        at instant: ContinuousClock.Instant, _ now: ContinuousClock.Instant, _ actions: inout [Action]
    ) {
        if let nextWake, nextWake > now, nextWake <= instant { return }
        nextWake = instant
        actions.append(.wake(at: instant))
    }

    func isStarted(_ slot: Int) -> Bool { slots[slot].phase == .starting && slots[slot].begun != nil }

    func isIdle(_ slot: Int) -> Bool { if case .idle = slots[slot].phase { true } else { false } }

    func longestIdle() -> Int? {
        var best: (slot: Int, since: ContinuousClock.Instant)?
        for slot in slots.indices {
            guard case .idle(let since) = slots[slot].phase else { continue }
            if let current = best, current.since <= since { continue }
            best = (slot, since)
        }
        return best?.slot
    }

    mutating func start(
        _ slot: Int, _ profile: WorkerProfile, _ now: ContinuousClock.Instant, _ actions: inout [Action]
    ) {
        slots[slot].phase = .starting
        slots[slot].profile = profile
        slots[slot].begun = now
        actions.append(.start(slot: slot, profile))
    }

    mutating func stop(_ slot: Int, force: Bool, _ actions: inout [Action]) {
        slots[slot].phase = .stopping
        actions.append(.stop(slot: slot, force: force))
    }

    mutating func rejectAll(_ actions: inout [Action]) {
        actions += waiters.map { .reject(waiter: $0.id, closedError) }
        waiters = []
    }

    /// What who asks a pool that takes nothing more is told: a pool is drained only for another's sake.
    var closedError: WorkerError {
        if case .draining = mode { return WorkerError(.poolReplaced, "another pool takes the place of this one") }
        return WorkerError(.poolClosed, "the pool takes no more tasks")
    }
}
