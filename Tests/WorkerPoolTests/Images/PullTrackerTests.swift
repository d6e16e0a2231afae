import Testing

@testable import ContainerEngine
@testable import WorkerPool

@Suite("Progress of pulls")
struct PullTrackerTests {
    private let begin = ContinuousClock.now

    private func line(_ status: String, _ layer: String? = nil, _ current: Int64? = nil, _ total: Int64? = nil)
        -> PullProgress
    {
        PullProgress(status: status, layer: layer, current: current, total: total)
    }

    /// When the pull last came forward, in seconds; line n comes at second n + 1.
    private func lastAdvance(_ lines: [PullProgress]) -> Int {
        var tracker = PullTracker(now: begin)
        for (index, line) in lines.enumerated() { tracker.take(line, at: begin.advanced(by: .seconds(index + 1))) }
        return Int((tracker.lastAdvance - begin) / .seconds(1))
    }

    @Test func dockersLinesAddUp() {
        var tracker = PullTracker(now: begin)
        let lines = [
            line("Pulling from t/a", "1"), line("Already exists", "aa"), line("Pulling fs layer", "bb"),
            line("Pulling fs layer", "cc"), line("Downloading", "bb", 10, 100), line("Downloading", "bb", 60, 100),
            line("Downloading", "cc", 50, 50), line("Download complete", "cc"),
        ]
        for line in lines { tracker.take(line, at: begin) }
        var expected = PullSummary()
        (expected.layers, expected.finishedLayers, expected.bytes, expected.totalBytes) = (3, 2, 110, 150)
        #expect(tracker.summary == expected)
        tracker.take(line("Pull complete", "bb"), at: begin)
        (expected.finishedLayers, expected.bytes) = (3, 150)
        #expect(tracker.summary == expected)
    }

    @Test func moreBytesAreProgress() {
        #expect(lastAdvance([line("Downloading", "a", 1, 9), line("Downloading", "a", 2, 9)]) == 2)
    }

    @Test func theSameAgainIsNone() {
        #expect(lastAdvance([line("Downloading", "a", 1, 9), line("Downloading", "a", 1, 9)]) == 1)
        #expect(lastAdvance([line("Waiting", "a"), line("Waiting", "a"), line("Waiting", "a")]) == 1)
    }

    @Test func countingDownToTheNextTryIsNone() {
        #expect(
            lastAdvance([
                line("Downloading", "a", 5, 9), line("Retrying in 5 seconds", "a"), line("Retrying in 4 seconds", "a"),
                // Docker begins the layer anew.
                line("Downloading", "a", 3, 9),
            ]) == 1)
    }

    @Test func unpackingIsProgressHoweverOften() {
        #expect(lastAdvance([line("Extracting", "a", 1, 9), line("Extracting", "a", 1, 9)]) == 2)
    }
}
