import Foundation
import QueueBench
import TaskModel
import Testing

/// A checker that finds nothing proves nothing: each kind of violation is made, and must be found.
@Suite("Queue history: checker")
struct HistoryCheckerTests {
    /// Milliseconds as histories have them.
    private static func at(_ milliseconds: Int64) -> Int64 { milliseconds * 1_000_000 }

    private static func call(
        _ kind: HistoryRecord.Kind, _ attempt: Int, _ begun: Int64, _ ended: Int64, accepted: Bool = true,
        _ detail: String = ""
    ) -> HistoryRecord {
        HistoryRecord(
            kind, "t", attempt: attempt, token: Int64(attempt * 10), begun: at(begun), ended: at(ended),
            isAccepted: accepted, detail: detail)
    }

    private static func event(_ sequence: Int64, _ attempt: Int, _ kind: TaskEvent.Kind, _ message: String = "")
        -> TaskEvent
    {
        TaskEvent(
            sequence: sequence, taskID: TaskID(rawValue: "t"), attempt: attempt, kind: kind, message: message,
            at: Date())
    }

    /// A task whose first supervisor was paused: its lease ran out after a second, the second attempt completed it, and
    /// what the first one wrote later was refused.
    static let calls: [HistoryRecord] = [
        HistoryRecord(.submit, "t", begun: at(0), ended: at(1)),
        call(.claim, 1, 10, 12), call(.note, 1, 15, 15, "1"), call(.renew, 1, 20, 22),
        call(.claim, 2, 1100, 1102), call(.note, 2, 1105, 1105, "1"), call(.note, 2, 1106, 1106, "2"),
        call(.intend, 2, 1110, 1110, "complete"), call(.finish, 2, 1110, 1112, "complete"),
        call(.renew, 1, 2000, 2002, accepted: false),
        call(.intend, 1, 2005, 2005, "complete"), call(.finish, 1, 2005, 2006, accepted: false, "complete"),
    ]
    static let timeline: [TaskEvent] = [
        event(1, 0, .submitted), event(2, 1, .claimed), event(3, 1, .progress, "1"), event(7, 1, .requeuedStale),
        event(8, 2, .claimed), event(9, 2, .progress, "1"), event(10, 2, .progress, "2"), event(11, 2, .completed),
    ]

    private func kinds(_ calls: [HistoryRecord], _ timeline: [TaskEvent]?) -> Set<HistoryViolation.Kind> {
        let timelines = timeline.map { ["t": $0] } ?? [:]
        return Set(HistoryChecker(lease: Self.at(1000)).violations(calls, timelines: timelines).map(\.kind))
    }

    @Test func aHistoryWithPausesAndRefusalsIsAsItMustBe() {
        #expect(HistoryChecker(lease: Self.at(1000)).violations(Self.calls, timelines: ["t": Self.timeline]) == [])
    }

    /// One doctored history, and what must be found in it.
    struct Doctored: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let expected: HistoryViolation.Kind
        let change: @Sendable (inout [HistoryRecord], inout [TaskEvent]) -> Void

        init(
            _ name: String, _ expected: HistoryViolation.Kind,
            _ change: @escaping @Sendable (inout [HistoryRecord], inout [TaskEvent]) -> Void
        ) {
            (testDescription, self.expected, self.change) = (name, expected, change)
        }
    }

    static let doctored: [Doctored] = [
        Doctored("an accepted task is gone", .lost) { _, events in events = [] },
        Doctored("a task never ends", .lost) { calls, events in
            events.removeLast()
            calls.removeAll { $0.kind == .finish && $0.isAccepted }
        },
        Doctored("an accepted end is not there", .lost) { _, events in events.removeLast() },
        Doctored("two ends are told", .completedTwice) { _, events in events.append(event(12, 2, .completed)) },
        Doctored("two ends are accepted", .completedTwice) { calls, _ in
            calls.append(call(.finish, 2, 1110, 1113, "complete"))
        },
        Doctored("the end of another attempt was accepted", .completedTwice) { calls, events in
            events[7].attempt = 1
        },
        Doctored("an attempt ends a task that didn't mean to", .completedTwice) { calls, _ in
            calls.removeAll { $0.kind == .intend && $0.attempt == 2 }
            calls.removeAll { $0.kind == .finish && $0.attempt == 2 }
        },
        Doctored("a late renewal is accepted", .staleWrite) { calls, _ in calls[9].isAccepted = true },
        Doctored("a late end is accepted", .staleWrite) { calls, _ in calls[11].isAccepted = true },
        Doctored("a renewal is accepted after the end", .staleWrite) { calls, _ in
            calls.append(call(.renew, 2, 1200, 1201))
        },
        Doctored("a write is accepted with a token of nobody", .staleWrite) { calls, _ in calls[3].token = 99 },
        Doctored("an attempt is claimed twice", .overlap) { calls, _ in
            calls.append(HistoryRecord(.claim, "t", attempt: 2, token: 21, begun: at(1100), ended: at(1103)))
        },
        Doctored("a token is given twice", .overlap) { calls, _ in calls[4].token = 10 },
        Doctored("a lease is taken before it ran out", .overlap) { calls, _ in
            (calls[4].begun, calls[4].ended) = (at(700), at(702))
        },
        Doctored("a renewed lease is taken before it ran out", .overlap) { calls, _ in
            (calls[3].begun, calls[3].ended) = (at(900), at(902))
        },
        Doctored("events swap their places", .order) { _, events in events.swapAt(3, 4) },
        Doctored("sequences go back", .order) { _, events in events[5].sequence = 8 },
        Doctored("a claim is not told", .order) { _, events in events.remove(at: 1) },
        Doctored("the submission is not told", .order) { _, events in events.remove(at: 0) },
        Doctored("a lease that was lost is not told", .order) { _, events in events.remove(at: 3) },
        Doctored("progress is told in another order", .order) { _, events in
            (events[5].message, events[6].message) = ("2", "1")
        },
        Doctored("progress of a lost attempt is told", .order) { _, events in
            events.insert(event(8, 1, .progress, "1"), at: 5)
        },
        Doctored("something is told after the end", .order) { _, events in
            events.append(event(12, 2, .progress, "1"))
        },
    ]

    @Test(arguments: doctored) func aDoctoredHistoryIsFoundOut(doctored: Doctored) {
        var (calls, events) = (Self.calls, Self.timeline)
        doctored.change(&calls, &events)
        #expect(kinds(calls, events.isEmpty ? nil : events).contains(doctored.expected))
    }

    @Test func everyKindOfViolationIsAmongTheDoctoredOnes() {
        #expect(Set(Self.doctored.map(\.expected)) == Set(HistoryViolation.Kind.allCases))
    }

    @Test func recordsOutliveTheirFile() {
        for record in Self.calls { #expect(HistoryRecord(line: Substring(record.line)) == record) }
        #expect(HistoryRecord(line: "finish 0190 3 77 12") == nil)
    }
}
