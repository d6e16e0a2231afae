import Settings
import TaskStore
import Testing

@testable import Supervisor

@Suite("Lease terms and heartbeats")
struct LeaseTermTests {
    private static let start = ContinuousClock.now

    private func after(_ seconds: Double) -> ContinuousClock.Instant { Self.start.advanced(by: .seconds(seconds)) }

    /// Lease 30 s. Seconds until the end of renewals, of the last renewal, of the look; and the step.
    @Test(
        arguments: [
            (nil, 0, 29.9, LeaseTerm.Step.goOn), (nil, 0, 30, .giveUp), (nil, 20, 49.9, .goOn), (nil, 20, 50, .giveUp),
            (100, 0, 29.9, .goOn), (100, 0, 30, .giveUp), (100, 90, 99.9, .goOn), (100, 90, 100, .end),
            (100, 90, 119.9, .end), (100, 90, 120, .giveUp), (100, 0, 100, .giveUp), (10, 0, 10, .end), (0, 0, 0, .end),
        ] as [(Double?, Double, Double, LeaseTerm.Step)])
    func anAttemptGoesOnWhileItsLeaseDoes(end: Double?, renewed: Double, now: Double, step: LeaseTerm.Step) {
        var term = LeaseTerm(askedAt: Self.start, renewable: end.map { .seconds($0) })
        term.renewed(at: after(renewed))
        // One that was overtaken takes nothing away.
        term.renewed(at: after(renewed - 5))
        #expect(term.step(at: after(now), lease: .seconds(30)) == step)
    }

    @Test func heartbeatsThatFailAreToldOnceAndSoIsTheirReturn() {
        var health = HeartbeatHealth()
        #expect((1...3).map { _ in health.failed() } == [false, false, false])
        #expect(health.succeeded() == nil)
        #expect((1...6).map { _ in health.failed() } == [false, false, false, true, false, false])
        #expect(health.succeeded() == 6)
        #expect(health.succeeded() == nil)
        #expect(health.failures == 0)
    }

    /// `queue.maxLease` and `queue.defaultTimeout` in seconds, and the longest lease of a task without a time-out.
    @Test(
        arguments: [
            (nil, 100, nil), (100, nil, 100), (100, 200, 900), (100, nil, 100), (100, 100, 800), (100, 50, 750),
            (7200, 50, 7200),
        ] as [(Int?, Int?, Int?)])
    func theTimeOutOfMostTasksFitsIntoTheirLease(most: Int?, timeout: Int?, expected: Int?) {
        var settings = Settings(state: .init(dir: "/s", runtimeDir: "/r"))
        settings.workers.stopTimeout = .seconds(10)
        settings.workers.startTimeout = .seconds(90)
        settings.queue.maxLease = most.map { .seconds($0) }
        settings.queue.defaultTimeout = timeout.map { .seconds($0) }
        let longest = Supervisor.longestLease(settings)
        #expect(longest?.duration == expected.map { .seconds($0) })
        #expect(longest.map { $0.grace == .seconds(700) } ?? true)
    }
}
