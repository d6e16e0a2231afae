import TestSupport
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
        #expect(passed([(0, 1, "a"), (2000, 1.5, "a"), (4000, 2, "a"), (6000, 1, "a")]) == [true, false, true, true])
    }

    @Test func anotherMessagePasses() {
        #expect(passed([(0, 1, "a"), (2000, 1, "b"), (4000, 1, nil), (6000, 1, nil)]) == [true, true, true, false])
    }

    @Test func oneASecondIsEnough() {
        let reports = (0..<10_000).map { (at: $0, percent: Double($0) / 200, message: "step \($0)" as String?) }
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
        #expect(passed([(0, 5, "a"), (2000, .nan, "a")]) == [true, false])
    }

    /// What was held back last is what the task's record must end with.
    @Test func theLastReportIsKept() {
        var throttle = ProgressThrottle()
        let reports = [(0, 10.0, "a"), (10, 60, "b"), (20, 61, "c"), (30, 61, "c"), (2000, 62, "d"), (2010, 62, "d")]
        let held = reports.map { at, percent, message in
            _ = throttle.passes(percent: percent, message: message, at: start.advanced(by: .milliseconds(at)))
            return throttle.heldBack?.percent
        }
        #expect(held == [nil, 60, 61, 61, nil, nil])
        #expect(throttle.newestPercent == 62)
        _ = throttle.passes(percent: .infinity, message: "e", at: start.advanced(by: .milliseconds(2020)))
        _ = throttle.passes(percent: nil, message: "f", at: start.advanced(by: .milliseconds(2030)))
        _ = throttle.passes(percent: 63, message: "f", at: start.advanced(by: .milliseconds(2040)))
        #expect(throttle.newestPercent == 63)
    }

    /// A task may report once more and then say nothing for hours.
    @Test func whatWasHeldBackIsDueAfterASecond() {
        var throttle = ProgressThrottle()
        let first = throttle.passes(percent: 10, message: "a", at: start)
        let second = throttle.passes(percent: 10.2, message: "a", at: start + .milliseconds(200))
        #expect(first && !second)
        let early = throttle.due(at: start + .milliseconds(999))
        let due = throttle.due(at: start + .seconds(1))
        #expect(early == nil && due?.percent == 10.2 && due?.message == "a")
        let again = throttle.due(at: start + .seconds(5))
        #expect(again == nil)
        let soon = throttle.passes(percent: 50, message: "a", at: start + .milliseconds(1999))
        let later = throttle.passes(percent: 50, message: "a", at: start + .milliseconds(2000))
        #expect(!soon && later)
    }

    /// not a write for each report, and the last percent kept.
    @Test func tenThousandReportsAreFewNotesAndTheLastOneIsAmongThem() async throws {
        let scratch = try Scratch()
        let recorder = AttemptRecorder(log: AttemptLog(path: "\(scratch.path)/1.log", cap: 1 << 20), tap: nil)
        let begin = ContinuousClock.now
        for number in 1...10_000 {
            await recorder.attemptProgress(percent: Double(number) / 200, message: "row \(number)")
        }
        let seconds = Int((ContinuousClock.now - begin) / .seconds(1))
        await recorder.finish()
        var notes: [AttemptRecorder.Note] = []
        for await note in recorder.notes { notes.append(note) }
        #expect(notes.count <= seconds + 2, "\(notes.count) notes in \(seconds) s")
        #expect(notes.first == .progress(0.005, "row 1") && notes.last == .progress(50, "row 10000"))
    }
}
