import Settings
import TaskModel
import Testing

@testable import WorkerPool

/// Drives the pure machine of a pool by hand, with a clock that stands still unless it is moved.
struct PoolDriver {
    static let imageA = WorkerProfile(image: "a:1", limits: ResourceLimits(), mounts: [])
    static let imageB = WorkerProfile(image: "b:1", limits: ResourceLimits(), mounts: [])
    static let imageC = WorkerProfile(image: "c:1", limits: ResourceLimits(), mounts: [])
    static let closed = WorkerError(.poolClosed, "the pool takes no more tasks")
    static let replaced = WorkerError(.poolReplaced, "another pool takes the place of this one")
    static let crash = WorkerEnd.lost(WorkerLoss(observation: "it crashed"))

    private(set) var state: PoolState
    private(set) var now = ContinuousClock.now

    init(
        slots: Int, spares: Int = 0, warm: WorkerProfile? = nil, isWarmHeld: Bool = false,
        rules: RestartSettings = RestartSettings(), ownMayWait: Bool = true, adopted: [(WorkerProfile, Bool)] = []
    ) {
        state = PoolState(
            slots: slots, spares: spares, warmProfile: warm, isWarmHeld: isWarmHeld, rules: rules,
            ownMayWait: ownMayWait, adopted: adopted)
    }

    @discardableResult
    mutating func send(_ event: PoolState.Event) -> [PoolState.Action] { state.handle(event, now: now) }

    mutating func pass(_ duration: Duration) { now = now.advanced(by: duration) }

    @discardableResult
    mutating func acquire(_ waiter: Int, _ profile: WorkerProfile = imageA) -> [PoolState.Action] {
        send(.acquire(waiter: waiter, profile: profile))
    }

    @discardableResult
    mutating func ready(_ slot: Int) -> [PoolState.Action] { send(.changed(slot: slot, .ready)) }

    /// Brings the one slot of a pool into a phase, with nobody waiting.
    static func oneSlot(_ phase: PhaseName) -> PoolDriver {
        var driver = PoolDriver(slots: 1)
        guard phase != .vacant else { return driver }
        driver.acquire(1)
        if phase == .starting {
            driver.send(.cancel(waiter: 1))
            return driver
        }
        driver.ready(0)
        if phase == .idle { driver.send(.released(slot: 0, recycle: false)) }
        if phase == .stopping { driver.send(.changed(slot: 0, .leaving)) }
        return driver
    }

    var phases: [PhaseName] { state.slots.map { PhaseName($0.phase) } }
}

/// A phase without what it carries.
enum PhaseName: String, CaseIterable {
    case vacant, starting, idle, busy, stopping

    init(_ phase: PoolState.Phase) {
        switch phase {
        case .vacant: self = .vacant
        case .starting: self = .starting
        case .idle: self = .idle
        case .busy: self = .busy
        case .stopping: self = .stopping
        }
    }
}
