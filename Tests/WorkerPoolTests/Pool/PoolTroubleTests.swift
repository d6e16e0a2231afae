import Settings
import Testing

@testable import WorkerPool

@Suite("Pool state: failures and an engine that is away")
struct PoolTroubleTests {
    private static let noEngine = WorkerError(.engineUnavailable, "no answer")

    private static func rules(_ most: Int) -> RestartSettings {
        var rules = RestartSettings()
        rules.maxRestarts = most
        rules.window = .seconds(600)
        rules.backoff = .seconds(1)
        rules.maxBackoff = .seconds(60)
        return rules
    }

    @Test func aPermanentFailureRejectsAllWhoNeedThatProfileAndNobodyElse() {
        var driver = PoolDriver(slots: 1)
        driver.acquire(1, PoolDriver.imageB)
        driver.acquire(2, PoolDriver.imageB)
        driver.acquire(3, PoolDriver.imageA)
        let error = WorkerError(.imageUnavailable, "no such image")
        #expect(
            driver.send(.ended(slot: 0, .startFailed(error))) == [
                .reject(waiter: 1, error), .reject(waiter: 2, error), .start(slot: 0, PoolDriver.imageA),
            ])
    }

    /// Each try of a pull was repeated already.
    @Test func aPullThatFailedRejectsOneAndTriesAgainForTheNext() {
        var driver = PoolDriver(slots: 1)
        driver.acquire(1)
        driver.acquire(2)
        let error = WorkerError(.pullFailed, "once")
        let actions = driver.send(.ended(slot: 0, .startFailed(error)))
        #expect(actions.contains(.reject(waiter: 1, error)))
        #expect(actions.last == .wake(at: driver.now.advanced(by: .seconds(1))))
        driver.pass(.seconds(1))
        #expect(driver.send(.timer) == [.start(slot: 0, PoolDriver.imageA)])
        #expect(driver.ready(0) == [.grant(waiter: 2, slot: 0)])
    }

    @Test(arguments: [WorkerError.Code.startFailed, .startTimedOut, .host])
    func whoBringsAProfileWaitsUntilItsBudgetIsSpentAndThenLearnsWhy(_ code: WorkerError.Code) throws {
        var driver = PoolDriver(slots: 1, rules: Self.rules(1))
        driver.acquire(1)
        driver.acquire(2)
        let error = WorkerError(code, "it broke")
        let first = driver.send(.ended(slot: 0, .startFailed(error)))
        #expect(Self.notified(first) == [1, 2])
        #expect(first.last == .wake(at: driver.now.advanced(by: .seconds(1))))
        driver.pass(.seconds(1))
        #expect(driver.send(.timer) == [.start(slot: 0, PoolDriver.imageA)])
        let second = driver.send(.ended(slot: 0, .startFailed(error)))
        let why = Self.rejections(second)
        #expect(why.map(\.code) == [.crashLooping, .crashLooping])
        #expect(why.allSatisfy { $0.message.contains("it broke") })
        #expect(Self.rejections(driver.acquire(3)).map(\.code) == [.crashLooping])
        driver.send(.forgive(PoolDriver.imageA))
        #expect(driver.acquire(4) == [.start(slot: 0, PoolDriver.imageA)])
    }

    private static func notified(_ actions: [PoolState.Action]) -> [Int] {
        actions.compactMap { if case .notify(let waiter, _) = $0 { waiter } else { nil } }
    }

    private static func rejections(_ actions: [PoolState.Action]) -> [WorkerError] {
        actions.compactMap { if case .reject(_, let error) = $0 { error } else { nil } }
    }

    private static func crashLoops(_ actions: [PoolState.Action]) -> [ProfileTrouble] {
        actions.compactMap { if case .crashLooping(let trouble) = $0 { trouble } else { nil } }
    }

    /// Passing trouble of the pool's own profile is the pool's.
    @Test func whoNeedsThePoolsOwnProfileGoesOnWaiting() {
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA)
        driver.acquire(1)
        let retry = driver.now.advanced(by: .seconds(1))
        let actions = driver.send(.ended(slot: 0, .startFailed(WorkerError(.startFailed, "no"))))
        #expect(Self.notified(actions) == [1])
        #expect(actions.last == .wake(at: retry))
        driver.pass(.seconds(1))
        driver.send(.timer)
        #expect(driver.ready(0) == [.grant(waiter: 1, slot: 0)])
        driver.send(.changed(slot: 0, .leaving))
        driver.acquire(2)
        let error = WorkerError(.imageUnavailable, "gone")
        #expect(driver.send(.ended(slot: 0, .startFailed(error))).contains(.reject(waiter: 2, error)))
    }

    @Test(arguments: [true, false])
    func whenItsBudgetIsSpentWhoNeedsThePoolsOwnProfileWaitsIfItMay(mayWait: Bool) {
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA, rules: Self.rules(1), ownMayWait: mayWait)
        driver.acquire(1)
        let error = WorkerError(.startFailed, "no")
        #expect(Self.crashLoops(driver.send(.ended(slot: 0, .startFailed(error)))).isEmpty)
        driver.pass(.seconds(1))
        driver.send(.timer)
        let actions = driver.send(.ended(slot: 0, .startFailed(error)))
        #expect(Self.crashLoops(actions).map(\.failures) == [2])
        #expect(Self.notified(actions) == (mayWait ? [1] : []))
        #expect(Self.rejections(actions).map(\.code) == (mayWait ? [] : [.crashLooping]))
        #expect(driver.state.troubles(at: driver.now).map(\.state) == [.crashLooping])
        driver.send(.forgive(nil))
        #expect(driver.phases == [.starting])
        #expect(driver.state.troubles(at: driver.now).isEmpty)
    }

    @Test func whatHappensUnderATaskIsNotCountedAgainstTheProfile() {
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA, rules: Self.rules(0))
        driver.send(.timer)
        driver.ready(0)
        driver.acquire(1)
        driver.send(.changed(slot: 0, .leaving))
        #expect(driver.send(.ended(slot: 0, PoolDriver.crash)) == [.start(slot: 0, PoolDriver.imageA)])
    }

    /// A host that kills all containers at once is one failure, not thirty.
    @Test func workersThatFailTogetherCountOnce() {
        var driver = PoolDriver(slots: 4, warm: PoolDriver.imageA, rules: Self.rules(1))
        driver.send(.timer)
        for slot in 0..<4 { driver.ready(slot) }
        for slot in 0..<4 {
            driver.pass(.milliseconds(100))
            #expect(Self.crashLoops(driver.send(.ended(slot: slot, PoolDriver.crash))).isEmpty)
        }
        #expect(driver.state.troubles(at: driver.now).map(\.failures) == [1])
        driver.pass(.seconds(1))
        driver.send(.timer)
        #expect(driver.phases == Array(repeating: .starting, count: 4))
    }

    @Test func anUnavailableEngineRejectsNobodyAndIsAskedAgainASecondLater() {
        var driver = PoolDriver(slots: 1, rules: Self.rules(0))
        driver.acquire(1)
        #expect(
            driver.send(.ended(slot: 0, .startFailed(Self.noEngine)))
                == [.wake(at: driver.now.advanced(by: .seconds(1)))])
        #expect(driver.state.isEngineUnavailable)
        #expect(driver.state.freeSlots == 0)
        driver.pass(.milliseconds(999))
        #expect(driver.send(.timer) == [])
        driver.pass(.milliseconds(1))
        #expect(driver.send(.timer) == [.start(slot: 0, PoolDriver.imageA)])
        #expect(driver.ready(0) == [.grant(waiter: 1, slot: 0)])
        #expect(!driver.state.isEngineUnavailable)
    }

    @Test func anEngineThatFallsSilentLeavesTasksToIdleWorkersUntilItAnswers() {
        var driver = PoolDriver(slots: 3, warm: PoolDriver.imageA)
        driver.send(.timer)
        driver.ready(0)
        driver.ready(1)
        #expect(driver.acquire(1) == [.grant(waiter: 1, slot: 0)])
        driver.send(.changed(slot: 0, .engineSilent))
        #expect(driver.state.freeSlots == 1)
        #expect(driver.acquire(2) == [.grant(waiter: 2, slot: 1)])
        #expect(driver.state.freeSlots == 0)
        driver.send(.changed(slot: 0, .engineAnswering))
        driver.ready(2)
        #expect(driver.state.freeSlots == 1)
    }

    /// Without a warm profile nobody asks the engine but a task, so a task has to be let in.
    @Test(arguments: [nil, PoolDriver.imageA])
    func anEngineThatNobodyAsksIsPresumedBack(warm: WorkerProfile?) {
        var driver = PoolDriver(slots: 1, warm: warm, rules: Self.rules(0))
        driver.acquire(1)
        driver.send(.ended(slot: 0, PoolDriver.crash))
        driver.send(.cancel(waiter: 1))
        if driver.phases == [.starting] { driver.send(.ended(slot: 0, PoolDriver.crash)) }
        #expect(driver.state.freeSlots == 1)
        let actions = driver.send(.changed(slot: 0, .engineSilent))
        #expect(driver.state.freeSlots == 0)
        #expect(actions == [.wake(at: driver.now.advanced(by: .seconds(1)))])
        driver.pass(.seconds(1))
        driver.send(.timer)
        #expect(!driver.state.isEngineUnavailable)
        #expect(driver.state.freeSlots == 1)
    }

    @Test func anEngineSomebodyStillAsksIsNotPresumedBack() {
        var driver = PoolDriver(slots: 2, warm: PoolDriver.imageA)
        driver.send(.timer)
        driver.ready(0)
        driver.ready(1)
        driver.send(.changed(slot: 0, .silent))
        driver.send(.changed(slot: 0, .engineSilent))
        driver.pass(.seconds(2))
        driver.send(.timer)
        #expect(driver.state.isEngineUnavailable)
        driver.send(.changed(slot: 0, .answering))
        #expect(!driver.state.isEngineUnavailable)
    }

    @Test func failuresOfTheWarmProfileAreSpacedAndThenStopUntilTheWindowIsOver() {
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA, rules: Self.rules(2))
        let begun = driver.now
        #expect(driver.send(.timer) == [.start(slot: 0, PoolDriver.imageA)])
        for wait in [1, 2] {
            #expect(
                driver.send(.ended(slot: 0, PoolDriver.crash))
                    == [.wake(at: driver.now.advanced(by: .seconds(wait)))])
            driver.pass(.seconds(wait))
            #expect(driver.send(.timer) == [.start(slot: 0, PoolDriver.imageA)])
        }
        let end = begun.advanced(by: .seconds(600))
        let last = driver.send(.ended(slot: 0, PoolDriver.crash))
        #expect(Self.crashLoops(last).map(\.retryAt) == [end])
        #expect(last.last == .wake(at: end))
        driver.pass(.seconds(597))
        #expect(driver.send(.timer) == [.start(slot: 0, PoolDriver.imageA)])
    }

    /// One bad image must not bring the whole pool to a stop while it backs off.
    @Test func tasksOfAProfileThatHasToWaitLeaveTheSlotsToOthers() {
        var driver = PoolDriver(slots: 2, warm: PoolDriver.imageA, rules: Self.rules(1))
        driver.send(.timer)
        driver.ready(0)
        driver.acquire(1, PoolDriver.imageB)
        driver.send(.ended(slot: 0, .stopped))
        driver.send(.ended(slot: 0, .startFailed(WorkerError(.startFailed, "no"))))
        #expect(driver.phases == [.starting, .starting])
        driver.ready(0)
        driver.ready(1)
        for waiter in 2...5 { driver.acquire(waiter, PoolDriver.imageB) }
        #expect(driver.phases == [.idle, .idle])
        #expect(driver.state.freeSlots == 2)
        #expect(driver.acquire(6) == [.grant(waiter: 6, slot: 0)])
        driver.pass(.seconds(1))
        #expect(driver.send(.timer) == [.stop(slot: 1, force: false)])
        #expect(driver.send(.ended(slot: 1, .stopped)) == [.start(slot: 1, PoolDriver.imageB)])
    }

    /// Each wake is a sleeping task, and a busy pool has hundreds of events a second.
    @Test func aTimerThatIsSetIsNotSetAgain() {
        var driver = PoolDriver(slots: 2, warm: PoolDriver.imageA, rules: Self.rules(0))
        driver.send(.timer)
        driver.ready(0)
        #expect(driver.send(.ended(slot: 1, PoolDriver.crash)).count == 2)
        for round in 0..<100 {
            driver.acquire(round)
            #expect(driver.send(.released(slot: 0, recycle: false)) == [])
        }
    }

    @Test func anEarlierTimerIsSetBesideALaterOne() {
        var driver = PoolDriver(slots: 2, warm: PoolDriver.imageA, rules: Self.rules(0))
        driver.send(.timer)
        driver.send(.ended(slot: 1, PoolDriver.crash))
        let retry = driver.now.advanced(by: .seconds(1))
        #expect(driver.send(.ended(slot: 0, .startFailed(Self.noEngine))) == [.wake(at: retry)])
    }

    @Test func workDoneStartsTheBackOffAnew() {
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA, rules: Self.rules(9))
        driver.send(.timer)
        driver.send(.ended(slot: 0, PoolDriver.crash))
        driver.pass(.seconds(1))
        driver.send(.timer)
        driver.ready(0)
        driver.acquire(1)
        driver.send(.released(slot: 0, recycle: false))
        #expect(
            driver.send(.ended(slot: 0, PoolDriver.crash)) == [.wake(at: driver.now.advanced(by: .seconds(1)))])
    }
}
