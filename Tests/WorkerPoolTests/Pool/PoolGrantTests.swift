import Settings
import Testing

@testable import WorkerPool

@Suite("Pool state: who gets a worker")
struct PoolGrantTests {
    @Test func waitersOfOneProfileAreServedInTheirOrder() {
        var driver = PoolDriver(slots: 1)
        #expect(driver.acquire(1) == [.start(slot: 0, PoolDriver.imageA)])
        #expect(driver.acquire(2) == [])
        #expect(driver.acquire(3) == [])
        #expect(driver.ready(0) == [.grant(waiter: 1, slot: 0)])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.grant(waiter: 2, slot: 0)])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.grant(waiter: 3, slot: 0)])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [])
        #expect(driver.phases == [.idle])
    }

    @Test func vacantSlotsAreFilledWithWarmWorkers() {
        var driver = PoolDriver(slots: 3, warm: PoolDriver.imageA)
        #expect(
            driver.send(.timer) == [
                .start(slot: 0, PoolDriver.imageA), .start(slot: 1, PoolDriver.imageA),
                .start(slot: 2, PoolDriver.imageA),
            ])
        #expect(driver.ready(1) == [])
        #expect(driver.acquire(1) == [.grant(waiter: 1, slot: 1)])
        #expect(driver.send(.ended(slot: 1, .stopped)) == [.start(slot: 1, PoolDriver.imageA)])
    }

    @Test func whileTheWarmImageIsMissingItsSlotsAreForOthers() {
        var driver = PoolDriver(slots: 2, warm: PoolDriver.imageA, isWarmHeld: true)
        #expect(driver.send(.timer) == [])
        #expect(driver.state.freeSlots == 2)
        #expect(driver.acquire(1, PoolDriver.imageB) == [.start(slot: 0, PoolDriver.imageB)])
        #expect(driver.state.freeSlots == 1)
        #expect(driver.ready(0) == [.grant(waiter: 1, slot: 0)])
        #expect(driver.send(.warmHeld(false)) == [.start(slot: 1, PoolDriver.imageA)])
        #expect(driver.state.freeSlots == 0)
    }

    @Test func theWorkerIdleLongestMakesRoomForAnotherProfile() {
        var driver = PoolDriver(slots: 3, warm: PoolDriver.imageA)
        driver.send(.timer)
        for slot in [1, 2, 0] {
            driver.ready(slot)
            driver.pass(.seconds(1))
        }
        #expect(driver.acquire(1, PoolDriver.imageB) == [.stop(slot: 1, force: false)])
        #expect(driver.send(.ended(slot: 1, .stopped)) == [.start(slot: 1, PoolDriver.imageB)])
        #expect(driver.ready(1) == [.grant(waiter: 1, slot: 1)])
        #expect(driver.phases == [.idle, .busy, .idle])
    }

    @Test func oneWorkerStopsForEachWaiterAndNoMore() {
        var driver = PoolDriver(slots: 3, warm: PoolDriver.imageA)
        driver.send(.timer)
        for slot in 0..<3 { driver.ready(slot) }
        #expect(driver.acquire(1, PoolDriver.imageB) == [.stop(slot: 0, force: false)])
        #expect(driver.acquire(2, PoolDriver.imageC) == [.stop(slot: 1, force: false)])
        #expect(driver.send(.timer) == [])
        #expect(driver.phases == [.stopping, .stopping, .idle])
    }

    @Test func aStartUnderWayServesWhoeverWaitsFirst() {
        var driver = PoolDriver(slots: 2)
        driver.acquire(1)
        driver.acquire(2)
        driver.send(.cancel(waiter: 1))
        #expect(driver.ready(1) == [.grant(waiter: 2, slot: 1)])
        #expect(driver.ready(0) == [])
        #expect(driver.phases == [.idle, .busy])
    }

    @Test func aCancelledWaiterGetsNothing() {
        var driver = PoolDriver(slots: 1)
        driver.acquire(1)
        #expect(driver.send(.cancel(waiter: 1)) == [])
        #expect(driver.ready(0) == [])
        #expect(driver.phases == [.idle])
    }

    @Test func aWorkerWhoseAgentHungUpGetsNoAttemptUntilItIsBack() {
        var driver = PoolDriver(slots: 2, warm: PoolDriver.imageA)
        driver.send(.timer)
        driver.ready(0)
        driver.send(.changed(slot: 0, .silent))
        #expect(driver.state.freeSlots == 0)
        #expect(driver.acquire(1) == [])
        #expect(driver.send(.changed(slot: 0, .answering)) == [.grant(waiter: 1, slot: 0)])
    }

    @Test func freeSlotsAreWorkersThatWait() {
        var driver = PoolDriver(slots: 3, warm: PoolDriver.imageA)
        #expect(driver.state.freeSlots == 0)
        driver.send(.timer)
        driver.ready(0)
        driver.ready(1)
        #expect(driver.state.freeSlots == 2)
        driver.acquire(1)
        #expect(driver.state.freeSlots == 1)
        driver.send(.released(slot: 0, recycle: false))
        #expect(driver.state.freeSlots == 2)
        driver.send(.drain)
        #expect(driver.state.freeSlots == 0)
    }

    /// Otherwise a pull of minutes for one task would keep idle workers from all others.
    @Test func aTaskThatWaitsForItsImageBlocksNoIdleWorker() {
        var driver = PoolDriver(slots: 4, warm: PoolDriver.imageA)
        driver.send(.timer)
        for slot in 0..<4 { driver.ready(slot) }
        for waiter in 1...2 {
            driver.acquire(waiter, PoolDriver.imageB)
            #expect(driver.state.freeSlots == 4 - waiter)
        }
        for slot in 0..<2 { driver.send(.ended(slot: slot, .stopped)) }
        #expect(driver.phases == [.starting, .starting, .idle, .idle])
        #expect(driver.state.freeSlots == 2)
        #expect(driver.acquire(3) == [.grant(waiter: 3, slot: 2)])
        #expect(driver.acquire(4) == [.grant(waiter: 4, slot: 3)])
        #expect(driver.state.freeSlots == 0)
    }

    @Test func aPoolWithoutWarmWorkersHasRoomInItsVacantSlots() {
        var driver = PoolDriver(slots: 2)
        #expect(driver.state.freeSlots == 2)
        driver.acquire(1)
        #expect(driver.state.freeSlots == 1)
    }

    @Test func aRetiredWorkerGoesWhenItsAttemptHasEnded() {
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA)
        driver.acquire(1)
        driver.ready(0)
        #expect(driver.send(.retire(slot: 0)) == [])
        driver.acquire(2)
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.stop(slot: 0, force: false)])
        #expect(driver.send(.ended(slot: 0, .stopped)) == [.start(slot: 0, PoolDriver.imageA)])
        #expect(driver.ready(0) == [.grant(waiter: 2, slot: 0)])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [])
    }

    @Test func slotsWhoseWarmProfileKeepsFailingServeOtherProfiles() {
        var rules = RestartSettings()
        rules.maxRestarts = 0
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA, rules: rules)
        driver.send(.timer)
        driver.send(.ended(slot: 0, .startFailed(WorkerError(.imageUnavailable, "no such image"))))
        #expect(driver.phases == [.vacant])
        #expect(driver.state.freeSlots == 1)
        #expect(driver.acquire(1, PoolDriver.imageB) == [.start(slot: 0, PoolDriver.imageB)])
        #expect(driver.ready(0) == [.grant(waiter: 1, slot: 0)])
    }
}
