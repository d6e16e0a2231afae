import Settings
import TestSupport

@testable import WorkerPool

/// A pool whose workers, tasks and engine behave at random, with an account of what the machine told to do.
struct PoolGame {
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    private enum Life { case starting, ready, granted, stopping }

    private var random: SeededGenerator
    private var driver: PoolDriver
    private var lives: [Int: (life: Life, profile: WorkerProfile)] = [:]
    private var waiting: [Int: WorkerProfile] = [:]
    private var holder: [Int: Int] = [:]
    private var wakes: [ContinuousClock.Instant] = []
    private var nextWaiter = 0
    private var finished = 0
    private let profiles = [PoolDriver.imageA, PoolDriver.imageB, PoolDriver.imageC]
    private let isElastic: Bool
    private var slots: Int { driver.state.slots.count }

    /// An elastic pool has spares and changes its size.
    init(seed: UInt64, isElastic: Bool = false) {
        random = SeededGenerator(seed: seed)
        self.isElastic = isElastic
        let slots = Int.random(in: 1...5, using: &random)
        var rules = RestartSettings()
        rules.maxRestarts = 3
        driver = PoolDriver(
            slots: slots, spares: isElastic ? Int.random(in: 0...2, using: &random) : 0,
            warm: Bool.random(using: &random) ? PoolDriver.imageA : nil, rules: rules)
    }

    /// One random thing happens.
    mutating func step() throws {
        if isElastic, Int.random(in: 0..<12, using: &random) == 0 {
            return try send(.scale(to: Int.random(in: 0...6, using: &random)))
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0...2: try acquire()
        case 3: try cancel()
        case 4...5: try becomeReady()
        case 6...7: try release()
        case 8: try end(Bool.random(using: &random) ? PoolDriver.crash : .stopped)
        case 9: try end(.startFailed(WorkerError(failure(), "random")))
        case 10: try talk()
        default:
            driver.pass(.milliseconds(Int.random(in: 1...3000, using: &random)))
            try fire()
        }
        if !isElastic { try checkNobodyStarves() }
    }

    /// The engine recovers and every task ends: after that nobody may be left waiting.
    mutating func settleEverything() throws {
        for round in 0..<10_000 {
            if waiting.isEmpty, holder.isEmpty { return }
            driver.pass(.seconds(1))
            try fire()
            for slot in 0..<slots {
                switch lives[slot]?.life {
                case .starting: try ready(slot)
                case .granted: try give(back: slot, recycle: round.isMultiple(of: 3))
                case .stopping: try finish(slot, .stopped)
                case .ready: try send(.changed(slot: slot, .answering))
                case nil: break
                }
            }
        }
        throw Broken(description: "waiters \(waiting.keys.sorted()) were never served")
    }

    /// After a close everything ends, is reported once, and stays ended.
    mutating func close() throws {
        try acquire()
        try send(.close(force: Bool.random(using: &random)))
        guard waiting.isEmpty else { throw Broken(description: "a close left \(waiting.count) waiting") }
        for slot in 0..<slots where lives[slot]?.life == .granted { try give(back: slot, recycle: false) }
        for slot in 0..<slots where lives[slot] != nil {
            guard lives[slot]?.life == .stopping else { throw Broken(description: "slot \(slot) was not told to stop") }
            try finish(slot, .stopped)
        }
        try send(.timer)
        guard driver.phases.allSatisfy({ $0 == .vacant }), finished == 1 else {
            throw Broken(description: "after the close: \(driver.phases), finished \(finished) times")
        }
    }

    // MARK: Moves

    private mutating func acquire() throws {
        nextWaiter += 1
        let profile = profiles[Int.random(in: 0..<profiles.count, using: &random)]
        let isServable =
            holder.count < driver.state.room.target
            && (0..<slots).contains {
                lives[$0]?.life == .ready && lives[$0]?.profile == profile && driver.state.slots[$0].answers
            }
        waiting[nextWaiter] = profile
        try send(.acquire(waiter: nextWaiter, profile: profile))
        if isServable, waiting[nextWaiter] != nil { throw Broken(description: "an idle worker was not granted") }
    }

    private mutating func cancel() throws {
        guard let waiter = waiting.keys.sorted().randomElement(using: &random) else { return }
        waiting[waiter] = nil
        try send(.cancel(waiter: waiter))
    }

    private mutating func becomeReady() throws {
        guard let slot = slot(.starting) else { return }
        try ready(slot)
    }

    private mutating func ready(_ slot: Int) throws {
        lives[slot]?.life = .ready
        try send(.changed(slot: slot, .ready))
    }

    private mutating func release() throws {
        guard let slot = slot(.granted) else { return }
        try give(back: slot, recycle: Int.random(in: 0..<4, using: &random) == 0)
    }

    private mutating func give(back slot: Int, recycle: Bool) throws {
        holder[slot] = nil
        lives[slot]?.life = .ready
        try send(.released(slot: slot, recycle: recycle))
    }

    private mutating func end(_ end: WorkerEnd) throws {
        guard let slot = lives.keys.sorted().randomElement(using: &random) else { return }
        if case .startFailed = end, lives[slot]?.life != .starting { return }
        try finish(slot, end)
    }

    private mutating func finish(_ slot: Int, _ end: WorkerEnd) throws {
        // An attempt under way loses its worker first; its runner lets go of it a little later or earlier.
        if lives[slot]?.life == .granted { holder[slot] = nil }
        lives[slot] = nil
        try send(.ended(slot: slot, end))
    }

    private mutating func talk() throws {
        guard let slot = lives.keys.sorted().randomElement(using: &random) else { return }
        let changes: [WorkerChange] = [.silent, .answering, .engineSilent, .engineAnswering]
        try send(.changed(slot: slot, changes[Int.random(in: 0..<4, using: &random)]))
    }

    private mutating func failure() -> WorkerError.Code {
        let codes: [WorkerError.Code] = [.imageUnavailable, .startFailed, .engineUnavailable, .startTimedOut]
        return codes[Int.random(in: 0..<4, using: &random)]
    }

    private mutating func slot(_ life: Life) -> Int? {
        lives.filter { $0.value.life == life }.keys.sorted().randomElement(using: &random)
    }

    private mutating func fire() throws {
        guard wakes.contains(where: { $0 <= driver.now }) else { return }
        wakes.removeAll { $0 <= driver.now }
        try send(.timer)
    }

    private mutating func send(_ event: PoolState.Event) throws { try take(driver.send(event)) }

    // MARK: The account

    mutating func take(_ actions: [PoolState.Action]) throws {
        for action in actions {
            switch action {
            case .start(let slot, let profile):
                guard lives[slot] == nil else { throw Broken(description: "slot \(slot) was started twice") }
                lives[slot] = (.starting, profile)
            case .stop(let slot, _), .detach(let slot):
                guard lives[slot] != nil else { throw Broken(description: "slot \(slot) has nothing to stop") }
                guard holder[slot] == nil || finished == 0 else { throw Broken(description: "stopped late") }
                lives[slot]?.life = .stopping
                holder[slot] = nil
            case .grant(let waiter, let slot):
                guard holder[slot] == nil, lives[slot]?.life == .ready else {
                    throw Broken(description: "slot \(slot) was granted while it was not free")
                }
                guard waiting.removeValue(forKey: waiter) == lives[slot]?.profile else {
                    throw Broken(description: "waiter \(waiter) got what it did not ask for")
                }
                holder[slot] = waiter
                guard holder.count <= max(1, driver.state.room.target) else {
                    throw Broken(description: "\(holder.count) run where \(driver.state.room.target) may")
                }
                lives[slot]?.life = .granted
            case .reject(let waiter, _):
                guard waiting.removeValue(forKey: waiter) != nil else {
                    throw Broken(description: "waiter \(waiter) was answered twice")
                }
            case .wake(let instant): wakes.append(instant)
            case .notify(let waiter, _):
                guard waiting[waiter] != nil else { throw Broken(description: "waiter \(waiter) was told too late") }
            case .crashLooping: break
            case .finished: finished += 1
            }
        }
    }

    /// While somebody waits, either all slots have something to do or a timer is set: the engine is away, or the profile
    /// has failed and its back-off runs.
    private func checkNobodyStarves() throws {
        guard !waiting.isEmpty else { return }
        let covered = lives.values.count { $0.life == .starting || $0.life == .stopping }
        let unused = slots - lives.values.count { $0.life == .granted } - covered
        guard unused > 0, covered < waiting.count else { return }
        guard wakes.contains(where: { $0 > driver.now }) else {
            throw Broken(description: "\(waiting.count) wait beside \(unused) unused slots: \(driver.phases)")
        }
    }
}
