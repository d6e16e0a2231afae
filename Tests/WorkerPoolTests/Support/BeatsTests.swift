import Testing

@testable import WorkerPool

@Suite("Beats")
struct BeatsTests {
    @Test(
        "of the beats that were missed one is made up for, and the rhythm stays",
        arguments: [(0, 100), (99, 100), (100, 100), (150, 100), (200, 200), (1234, 1200), (28_800_000, 28_800_000)])
    func due(late: Int, expected: Int) {
        let start = ContinuousClock.now
        let due = Beats.due(after: start, at: start + .milliseconds(late), every: .milliseconds(100))
        #expect(due == start + .milliseconds(expected))
    }

    @Test("comes again and again, and ends when it is cancelled")
    func cancelled() async {
        let task = Task {
            var count = 0
            for await _ in Beats(every: .milliseconds(1)) {
                count += 1
                if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return count
        }
        #expect(await task.value == 3)
    }
}
