import Testing

@testable import WorkerPool

@Suite("Pool state: taking over and handing over")
struct PoolAdoptionTests {
    private static let a = PoolDriver.imageA
    private static let b = PoolDriver.imageB

    @Test func workersThatWereTakenOverKeepTheirSlotsAndNoneIsStartedForThem() {
        var driver = PoolDriver(slots: 3, warm: Self.a, adopted: [(Self.a, false), (Self.a, false)])
        #expect(driver.phases == [.starting, .starting, .vacant])
        #expect(driver.send(.timer) == [.start(slot: 2, Self.a)])
        driver.ready(0)
        #expect(driver.acquire(1) == [.grant(waiter: 1, slot: 0)])
    }

    @Test func oneWithAnAttemptInHandIsGivenToNobodyBeforeItsRelease() {
        var driver = PoolDriver(slots: 1, warm: Self.a, adopted: [(Self.a, false)])
        driver.send(.occupied(slot: 0))
        driver.ready(0)
        #expect(driver.phases == [.busy])
        #expect(driver.state.freeSlots == 0)
        #expect(driver.acquire(1) == [])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.grant(waiter: 1, slot: 0)])
    }

    @Test func oneOfOtherSettingsGoesAsSoonAsItHasNothingToDo() {
        var driver = PoolDriver(slots: 2, warm: Self.a, adopted: [(Self.b, true), (Self.b, true)])
        driver.send(.occupied(slot: 0))
        driver.ready(0)
        #expect(driver.ready(1) == [.stop(slot: 1, force: false)])
        #expect(driver.send(.ended(slot: 1, .stopped)) == [.start(slot: 1, Self.a)])
        #expect(driver.send(.released(slot: 0, recycle: false)) == [.stop(slot: 0, force: false)])
    }

    @Test func moreThanThePoolHasEndAndAreNotReplaced() {
        var driver = PoolDriver(slots: 1, warm: Self.a, adopted: [(Self.a, false), (Self.a, false), (Self.a, false)])
        driver.send(.occupied(slot: 2))
        driver.ready(0)
        driver.ready(2)
        #expect(driver.ready(1) == [.stop(slot: 1, force: false)])
        #expect(driver.send(.ended(slot: 1, .stopped)) == [])
        #expect(driver.send(.released(slot: 2, recycle: false)) == [.stop(slot: 2, force: false)])
        #expect(driver.send(.ended(slot: 2, .stopped)) == [])
        #expect(driver.state.freeSlots == 1)
        #expect(driver.phases == [.idle, .vacant, .vacant])
        // Nor for somebody who waits.
        #expect(driver.acquire(1) == [.grant(waiter: 1, slot: 0)])
        #expect(driver.acquire(2) == [])
    }

    @Test func detachingLeavesReadyWorkersAndEndsTheOthers() {
        var driver = PoolDriver(slots: 4, warm: Self.a)
        driver.send(.timer)
        driver.ready(0)
        driver.ready(1)
        driver.acquire(1)
        driver.send(.changed(slot: 3, .leaving))
        driver.acquire(9, Self.b)
        let actions = driver.send(.detach)
        #expect(
            actions == [
                .reject(waiter: 9, PoolDriver.closed), .detach(slot: 0), .detach(slot: 1), .stop(slot: 2, force: true),
                .stop(slot: 3, force: true),
            ])
        #expect(driver.acquire(2) == [.reject(waiter: 2, PoolDriver.closed)])
        #expect(driver.send(.close(force: true)) == [])
        for slot in 0..<3 { #expect(driver.send(.ended(slot: slot, slot < 2 ? .detached : .stopped)) == []) }
        #expect(driver.send(.ended(slot: 3, .stopped)) == [.finished])
    }

    @Test func aPoolThatIsBeingClosedIsNotHandedOver() {
        var driver = PoolDriver(slots: 1, warm: Self.a)
        driver.send(.timer)
        driver.send(.close(force: false))
        #expect(driver.send(.detach) == [])
    }
}
