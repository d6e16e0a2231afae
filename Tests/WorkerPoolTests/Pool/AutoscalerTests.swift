import Settings
import Testing

@testable import WorkerPool

@Suite("Autoscaler")
struct AutoscalerTests {
    private let start = ContinuousClock.now

    private func scaler(min: Int = 0, max: Int = 8, queue: Int = 1, idle: Int = 60) -> Autoscaler {
        var rules = AutoscaleSettings()
        rules.min = min
        rules.max = max
        rules.targetQueueLength = queue
        rules.idleTimeout = .seconds(idle)
        return Autoscaler(rules: rules)
    }

    /// Fewest, most, tasks a worker, waiting, running, and the size that is wanted.
    @Test(
        arguments: [
            (0, 8, 1, 0, 0, 0), (0, 8, 1, 1, 0, 1), (0, 8, 1, 3, 2, 5), (0, 8, 1, 100, 2, 8), (2, 8, 1, 0, 0, 2),
            (0, 8, 4, 1, 0, 1), (0, 8, 4, 4, 0, 1), (0, 8, 4, 5, 0, 2), (0, 8, 4, 5, 3, 5), (3, 3, 1, 0, 9, 3),
        ])
    func theSizeFollowsWhatWaitsAndRuns(min: Int, max: Int, queue: Int, waiting: Int, busy: Int, expected: Int) {
        var scaler = scaler(min: min, max: max, queue: queue)
        #expect(scaler.target(waiting: waiting, busy: busy, at: start) == expected)
    }

    /// Seconds, running tasks, and the size.
    @Test func itGrowsAtOnceAndShrinksToTheMostOfTheLastMinute() {
        var scaler = scaler()
        let story = [(0, 2, 2), (10, 6, 6), (20, 3, 6), (40, 4, 6), (69, 0, 6), (70, 0, 4), (99, 0, 4), (100, 0, 0)]
        for (second, busy, expected) in story {
            #expect(
                scaler.target(waiting: 0, busy: busy, at: start.advanced(by: .seconds(second))) == expected,
                "at \(second) s")
        }
    }

    @Test func aBurstWithinTheTimeOutKeepsTheWorkers() {
        var scaler = scaler(idle: 10)
        for second in stride(from: 0, to: 100, by: 9) {
            let at = start.advanced(by: .seconds(second))
            #expect(scaler.target(waiting: 4, busy: 0, at: at) == 4)
            #expect(scaler.target(waiting: 0, busy: 0, at: at.advanced(by: .seconds(8))) == 4)
        }
    }
}
