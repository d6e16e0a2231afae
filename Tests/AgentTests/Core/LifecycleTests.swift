import Testing

@testable import AgentCore

@Suite("Agent lifecycle")
struct LifecycleTests {
    @Test func servesUntilItIsTold() {
        var lifecycle = Lifecycle()
        #expect(lifecycle.tick(now: .max, work: .none) == nil)
        #expect(lifecycle.acceptsWork)
        #expect(lifecycle.deadline == nil)
    }

    @Test func drainsAsLongAsThereIsWork() {
        var lifecycle = Lifecycle()
        lifecycle.drain()
        #expect(!lifecycle.acceptsWork)
        #expect(lifecycle.tick(now: 1, work: .running) == nil)
        #expect(lifecycle.tick(now: .max, work: .unacknowledged) == nil)
        #expect(lifecycle.tick(now: 2, work: .none) == .exit)
    }

    @Test func asksThenKillsThenLeaves() {
        var lifecycle = Lifecycle()
        #expect(lifecycle.terminate(now: 0, grace: 10) == .askTask)
        #expect(lifecycle.deadline == 10)
        #expect(lifecycle.tick(now: 9, work: .running) == nil)
        #expect(lifecycle.tick(now: 10, work: .running) == .killTask)
        #expect(lifecycle.tick(now: 11, work: .running) == nil)
        #expect(lifecycle.tick(now: 10 + Lifecycle.killTime, work: .running) == .exit)
    }

    @Test func killsAtOnceWhenAskedTwice() {
        var lifecycle = Lifecycle()
        #expect(lifecycle.terminate(now: 0, grace: 10) == .askTask)
        #expect(lifecycle.terminate(now: 1, grace: 10) == .killTask)
        #expect(lifecycle.terminate(now: 2, grace: 10) == nil)
        #expect(lifecycle.kill(now: 3) == nil)
    }

    @Test(arguments: [true, false])
    func waitsAMomentForTheLastAcknowledgement(_ killed: Bool) {
        var lifecycle = Lifecycle()
        if killed { #expect(lifecycle.kill(now: 0) == .killTask) } else { _ = lifecycle.terminate(now: 0, grace: 10) }
        #expect(lifecycle.tick(now: 5, work: .unacknowledged) == nil)
        #expect(lifecycle.tick(now: 6, work: .unacknowledged) == nil)
        #expect(lifecycle.deadline == 5 + Lifecycle.reportTime)
        #expect(lifecycle.tick(now: 5 + Lifecycle.reportTime, work: .unacknowledged) == .exit)
    }

    @Test func aStopOverridesADrain() {
        var lifecycle = Lifecycle()
        lifecycle.drain()
        #expect(lifecycle.terminate(now: 0, grace: 10) == .askTask)
        lifecycle.drain()
        #expect(lifecycle.deadline == 10)
    }
}
