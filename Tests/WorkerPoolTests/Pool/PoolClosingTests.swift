import Testing

@testable import WorkerPool

@Suite("Pool state: draining and closing")
struct PoolClosingTests {
    /// Three slots: idle, busy, starting; waiter 9 has been waiting for another profile.
    private func mixed() -> PoolDriver {
        var driver = PoolDriver(slots: 3, warm: PoolDriver.imageA)
        driver.send(.timer)
        driver.ready(1)
        driver.acquire(1)
        driver.ready(0)
        return driver
    }

    @Test func drainingStopsIdleWorkersAndLetsBusyOnesFinish() {
        var driver = mixed()
        #expect(driver.send(.drain) == [.stop(slot: 0, force: false)])
        #expect(!driver.state.isOpen)
        #expect(driver.acquire(2) == [.reject(waiter: 2, PoolDriver.replaced)])
        #expect(driver.ready(2) == [.stop(slot: 2, force: false)])
        #expect(driver.send(.released(slot: 1, recycle: false)) == [.stop(slot: 1, force: false)])
        for slot in 0..<3 { #expect(driver.send(.ended(slot: slot, .stopped)) == []) }
        #expect(driver.send(.close(force: false)) == [.finished])
        #expect(driver.acquire(3) == [.reject(waiter: 3, PoolDriver.closed)])
    }

    @Test func closingWaitsForBusyWorkersAndFinishesOnce() {
        var driver = mixed()
        #expect(driver.send(.close(force: false)) == [.stop(slot: 0, force: false), .stop(slot: 2, force: false)])
        #expect(driver.send(.ended(slot: 0, .stopped)) == [])
        #expect(driver.send(.ended(slot: 2, .stopped)) == [])
        #expect(driver.send(.released(slot: 1, recycle: false)) == [.stop(slot: 1, force: false)])
        #expect(driver.send(.ended(slot: 1, .stopped)) == [.finished])
        for event in [PoolState.Event.timer, .close(force: true), .close(force: false), .drain] {
            #expect(driver.send(event) == [])
        }
    }

    @Test func closingByForceStopsBusyWorkersToo() {
        var driver = mixed()
        #expect(driver.send(.close(force: true)) == (0..<3).map { .stop(slot: $0, force: true) })
        #expect(driver.phases == [.stopping, .stopping, .stopping])
    }

    @Test func forceAfterAPoliteCloseReachesThoseThatAreStoppingAlready() {
        var driver = mixed()
        driver.send(.close(force: false))
        #expect(driver.send(.close(force: true)) == (0..<3).map { .stop(slot: $0, force: true) })
    }

    @Test func aPoliteCloseAfterForceTakesNothingBack() {
        var driver = mixed()
        driver.send(.close(force: true))
        driver.send(.close(force: false))
        #expect(driver.send(.ended(slot: 0, .stopped)) == [.stop(slot: 1, force: true), .stop(slot: 2, force: true)])
    }

    @Test(arguments: [PoolState.Event.drain, .close(force: false), .close(force: true)])
    func whoWaitsIsTurnedAway(_ event: PoolState.Event) {
        var driver = mixed()
        driver.send(.changed(slot: 0, .leaving))
        driver.acquire(7, PoolDriver.imageB)
        driver.acquire(8)
        let rejected = driver.send(event).filter { if case .reject = $0 { true } else { false } }
        let error = if case .drain = event { PoolDriver.replaced } else { PoolDriver.closed }
        #expect(rejected == [.reject(waiter: 7, error), .reject(waiter: 8, error)])
    }

    @Test func aPoolThatNeverBeganFinishesAtOnce() {
        var driver = PoolDriver(slots: 4, warm: PoolDriver.imageA)
        #expect(driver.send(.close(force: false)) == [.finished])
        #expect(driver.send(.timer) == [])
    }

    @Test func aWorkerLostWhileClosingIsNotReplaced() {
        var driver = mixed()
        driver.send(.close(force: false))
        driver.send(.ended(slot: 0, .stopped))
        driver.send(.ended(slot: 2, .stopped))
        #expect(driver.send(.ended(slot: 1, PoolDriver.crash)) == [.finished])
    }
}
