import Settings
import Testing

@testable import WorkerPool

@Suite("Pool state: spares and size")
struct PoolRoomTests {
    @Test func aSpareTakesTheNextTaskWhileTheWorkerBeforeGoesAway() {
        var driver = PoolDriver(slots: 1, spares: 1, warm: PoolDriver.imageA)
        driver.send(.timer)
        #expect(driver.phases == [.starting, .starting, .vacant])
        driver.ready(0)
        driver.ready(1)
        #expect(driver.state.freeSlots == 1)
        #expect(driver.acquire(1) == [.grant(waiter: 1, slot: 0)])
        #expect(driver.state.freeSlots == 0)
        #expect(
            driver.send(.released(slot: 0, recycle: true)) == [
                .stop(slot: 0, force: false), .start(slot: 2, PoolDriver.imageA),
            ])
        #expect(driver.acquire(2) == [.grant(waiter: 2, slot: 1)])
        // Two that go away are enough: the next successor waits until one of them is gone.
        #expect(driver.send(.released(slot: 1, recycle: true)) == [.stop(slot: 1, force: false)])
        #expect(driver.phases == [.stopping, .stopping, .starting])
        #expect(driver.send(.ended(slot: 0, .stopped)) == [.start(slot: 0, PoolDriver.imageA)])
    }

    @Test func sparesRunNothingBesideTheTasksThatMayRunAtOnce() {
        var driver = PoolDriver(slots: 1, spares: 2, warm: PoolDriver.imageA)
        driver.send(.timer)
        for slot in 0..<3 { driver.ready(slot) }
        #expect(driver.acquire(1) == [.grant(waiter: 1, slot: 0)])
        #expect(driver.acquire(2) == [])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.grant(waiter: 2, slot: 0)])
    }

    @Test func aSpareMakesRoomForAnotherProfileWithoutWaiting() {
        var driver = PoolDriver(slots: 1, spares: 1, warm: PoolDriver.imageA)
        driver.send(.timer)
        driver.ready(0)
        driver.ready(1)
        #expect(
            driver.acquire(1, PoolDriver.imageB) == [.stop(slot: 0, force: false), .start(slot: 2, PoolDriver.imageB)])
    }

    @Test func aLargerPoolStartsWorkersAtOnceAndASmallerOneStopsIdleOnesFirst() {
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA)
        driver.send(.timer)
        driver.ready(0)
        #expect(
            driver.send(.scale(to: 3)) == [.start(slot: 1, PoolDriver.imageA), .start(slot: 2, PoolDriver.imageA)])
        driver.ready(1)
        driver.ready(2)
        driver.acquire(1)
        driver.acquire(2)
        #expect(driver.send(.scale(to: 1)) == [.stop(slot: 2, force: false)])
        #expect(driver.state.freeSlots == 0)
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.stop(slot: 0, force: false)])
        driver.send(.ended(slot: 0, .stopped))
        driver.send(.ended(slot: 2, .stopped))
        #expect(driver.phases == [.vacant, .busy, .vacant])
        driver.send(.released(slot: 1, recycle: false))
        #expect(driver.state.freeSlots == 1)
    }

    @Test func aPoolOfNothingKeepsNothingNotEvenSparesAndGrowsAgain() {
        var driver = PoolDriver(slots: 1, spares: 1, warm: PoolDriver.imageA)
        driver.send(.timer)
        driver.ready(0)
        #expect(driver.send(.scale(to: 0)).count == 2)
        driver.send(.ended(slot: 0, .stopped))
        driver.send(.ended(slot: 1, .stopped))
        #expect(driver.phases == [.vacant, .vacant, .vacant])
        #expect(driver.state.freeSlots == 0)
        #expect(driver.send(.scale(to: 1)).count == 2)
    }

    @Test func whoStillWaitsWhenThePoolShrinksToNothingIsServed() {
        var driver = PoolDriver(slots: 1, warm: PoolDriver.imageA)
        driver.acquire(1)
        driver.acquire(2)
        #expect(driver.send(.scale(to: 0)) == [])
        #expect(driver.ready(0) == [.grant(waiter: 1, slot: 0)])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.grant(waiter: 2, slot: 0)])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.stop(slot: 0, force: false)])
    }
}
