import Settings
import Testing

@testable import WorkerPool

@Suite("Pool state: while the engine is known to be away")
struct PoolOutageTests {
    private static func twoIdle() -> PoolDriver {
        var driver = PoolDriver(slots: 2, warm: PoolDriver.imageA)
        driver.send(.timer)
        driver.ready(0)
        driver.ready(1)
        return driver
    }

    @Test func idleWorkersOfThePoolsProfileGoOnTakingTasks() {
        var driver = Self.twoIdle()
        driver.send(.engine(answers: false))
        #expect(driver.state.isEngineUnavailable)
        #expect(driver.state.freeSlots == 2)
        #expect(driver.acquire(1) == [.grant(waiter: 1, slot: 0)])
        #expect(driver.state.freeSlots == 1)
    }

    @Test func whoNeedsAnotherProfileWaitsAndNothingIsStoppedForIt() {
        var driver = Self.twoIdle()
        driver.send(.engine(answers: false))
        #expect(driver.acquire(1, PoolDriver.imageB) == [])
        // It holds a lease already; another like it must not follow without end.
        #expect(driver.state.freeSlots == 1)
        #expect(driver.acquire(2, PoolDriver.imageB) == [])
        #expect(driver.state.freeSlots == 0)
        #expect(driver.phases == [.idle, .idle])
        #expect(driver.send(.engine(answers: true)) == [.stop(slot: 0, force: false), .stop(slot: 1, force: false)])
    }

    @Test func noWorkerIsStartedUntilItIsBack() {
        var driver = Self.twoIdle()
        driver.send(.engine(answers: false))
        driver.send(.changed(slot: 0, .leaving))
        #expect(driver.send(.ended(slot: 0, PoolDriver.crash)) == [])
        driver.pass(.seconds(3600))
        #expect(driver.send(.timer) == [])
        #expect(driver.send(.engine(answers: true)) == [.start(slot: 0, PoolDriver.imageA)])
        #expect(!driver.state.isEngineUnavailable)
    }

    @Test func whatTheEngineDidToAWorkerCountsAgainstNoBudget() {
        var rules = RestartSettings()
        rules.maxRestarts = 0
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA, rules: rules)
        driver.send(.timer)
        for _ in 1...5 {
            driver.ready(0)
            let loss = WorkerLoss(observation: "137", engineStopped: true)
            #expect(driver.send(.ended(slot: 0, .lost(loss))) == [.start(slot: 0, PoolDriver.imageA)])
        }
    }
}
