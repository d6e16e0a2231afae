import TaskModel
import Testing

@testable import Supervisor

@Suite("Concurrency of queues")
struct QueueConcurrencyTests {
    private let start = ContinuousClock.now

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }

    @Test(arguments: [(1, 1), (2, 1), (3, 1), (4, 2), (9, 4), (100, 50)])
    func aBadEndHalvesWhatRan(running: Int, limit: Int) {
        var queues = QueueConcurrency()
        #expect(queues.current.isEmpty)
        let cut = queues.ended("q", isHealthy: false, begun: start, running: running, workers: 100, at: after(1))
        #expect(cut == limit)
        #expect(queues.current == ["q": limit])
    }

    @Test func endsOfOneCauseCountOnce() {
        var queues = QueueConcurrency()
        for second in 1...8 {
            _ = queues.ended("q", isHealthy: false, begun: start, running: 8, workers: 8, at: after(second))
        }
        #expect(queues.current == ["q": 4])
        // One that began after the cut shows that it was not enough.
        #expect(queues.ended("q", isHealthy: false, begun: after(2), running: 4, workers: 8, at: after(9)) == 2)
        #expect(queues.ended("q", isHealthy: false, begun: after(10), running: 1, workers: 8, at: after(11)) == 1)
        #expect(queues.ended("q", isHealthy: false, begun: after(12), running: 1, workers: 8, at: after(13)) == 1)
    }

    @Test func goodEndsLetItGrowByOneEachTimeAroundUntilThereIsNoLimit() {
        var queues = QueueConcurrency()
        _ = queues.ended("q", isHealthy: false, begun: start, running: 4, workers: 4, at: after(1))
        func succeed(_ times: Int) {
            for _ in 0..<times {
                _ = queues.ended("q", isHealthy: true, begun: after(2), running: 1, workers: 4, at: after(3))
            }
        }
        succeed(2)
        #expect(queues.current == ["q": 2])
        succeed(1)
        #expect(queues.current == ["q": 3])
        succeed(4)
        #expect(queues.current.isEmpty)
        succeed(9)
        #expect(queues.current.isEmpty)
    }

    @Test func queuesAreJudgedApart() {
        var queues = QueueConcurrency()
        _ = queues.ended("a", isHealthy: false, begun: start, running: 4, workers: 8, at: after(1))
        _ = queues.ended("b", isHealthy: true, begun: start, running: 4, workers: 8, at: after(1))
        #expect(queues.current == ["a": 2])
    }

    @Test(
        arguments: [
            (.succeeded, .complete, true), (.failed, .retry(delay: 1), true),
            (.failed, .deadLetter(countsAsFailure: true), true), (.failed, .abandon(delay: 0), false),
            (.workerLost, .abandon(delay: 0), false), (.workerLost, .deadLetter(countsAsFailure: false), false),
            (.interrupted, .abandon(delay: 0, countsAsDelivery: false), nil), (.cancelled, .cancel, nil),
            (.workerUnavailable, .abandon(delay: 5, countsAsDelivery: false), nil),
            (.leaseLost, .abandon(delay: 0), nil), (.interrupted, .abandon(delay: 30), nil),
        ] as [(TaskOutcome, Disposition, Bool?)])
    func whatAnEndSaysOfWhatItRanOn(outcome: TaskOutcome, disposition: Disposition, expected: Bool?) {
        #expect(RetryDecision(disposition: disposition).speaksWell(of: outcome) == expected)
    }
}
