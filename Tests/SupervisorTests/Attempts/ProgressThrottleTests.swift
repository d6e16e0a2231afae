import Testing

@testable import Supervisor

@Suite("Progress throttle")
struct ProgressThrottleTests {
    private let start = ContinuousClock.now

    /// Feeds reports at given milliseconds and returns which passed.
    private func passed(_ reports: [(at: Int, percent: Double?, message: String?)]) -> [Bool] {
        var throttle = ProgressThrottle()
        return reports.map { report in
            throttle.passes(
                percent: report.percent, message: report.message, at: start.advanced(by: .milliseconds(report.at)))
        }
    }

    @Test func theFirstReportPasses() {
        #expect(passed([(0, nil, nil)]) == [true])
        #expect(passed([(0, 0, "begin")]) == [true])
    }

    @Test func aPercentFurtherPasses() {
        #expect(passed([(0, 1, "a"), (200, 1.5, "a"), (400, 2, "a"), (600, 1, "a")]) == [true, false, true, true])
    }

    @Test func anotherMessagePasses() {
        #expect(passed([(0, 1, "a"), (200, 1, "b"), (400, 1, nil), (600, 1, nil)]) == [true, true, true, false])
    }

    @Test func tenASecondAreEnough() {
        let reports = (0..<1000).map { (at: $0, percent: Double($0) / 20, message: "step \($0)" as String?) }
        #expect(passed(reports.map { ($0.at, $0.percent, $0.message) }).count { $0 } == 10)
    }

    @Test func theEndPassesHoweverSoonButOnce() {
        #expect(passed([(0, 99, "a"), (1, 100, "a"), (2, 100, "a"), (3, 100, "a")]) == [true, true, false, false])
    }

    @Test func aTaskInALoopAtTheEndFloodsNobody() {
        let reports = (0..<1000).map { (at: $0, percent: $0.isMultiple(of: 2) ? 100.0 : 99.0, message: "x" as String?) }
        #expect(passed(reports.map { ($0.at, $0.percent, $0.message) }).count { $0 } <= 20)
    }

    @Test func aPercentThatIsNoNumberIsNoProgress() {
        #expect(passed([(0, 5, "a"), (200, .nan, "a")]) == [true, false])
    }

    /// What was held back last is what the task's record must end with.
    @Test func theLastReportIsKept() {
        var throttle = ProgressThrottle()
        let reports = [(0, 10.0, "a"), (10, 60, "b"), (20, 61, "c"), (30, 61, "c"), (200, 62, "d"), (210, 62, "d")]
        let held = reports.map { at, percent, message in
            _ = throttle.passes(percent: percent, message: message, at: start.advanced(by: .milliseconds(at)))
            return throttle.heldBack?.percent
        }
        #expect(held == [nil, 60, 61, 61, nil, nil])
    }
}
