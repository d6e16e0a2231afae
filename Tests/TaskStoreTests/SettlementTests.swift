import TaskModel
import Testing

@testable import TaskStore

@Suite("Settlement")
struct SettlementTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let disposition: Disposition
        let cancelRequested: Bool
        let expected: Settlement
        var testDescription: String { "\(disposition), cancel requested: \(cancelRequested)" }
    }

    private static func entry(_ kind: TaskEvent.Kind, _ message: String = "why") -> Settlement.Entry {
        Settlement.Entry(kind: kind, message: message)
    }
    private static let notAgain = entry(.cancelled, "not run again, because it was asked to stop")

    static let rows = [
        Row(
            disposition: .complete, cancelRequested: false,
            expected: Settlement(state: .complete, entries: [entry(.completed)])),
        Row(
            disposition: .complete, cancelRequested: true,
            expected: Settlement(state: .complete, entries: [entry(.completed)])),
        Row(
            disposition: .cancel, cancelRequested: false,
            expected: Settlement(state: .cancelled, entries: [entry(.cancelled)])),
        Row(
            disposition: .retry(delay: 1.5), cancelRequested: false,
            expected: Settlement(
                state: .pending, delay: 1500, failures: 1,
                entries: [entry(.failed), entry(.retryScheduled, "next attempt in 1.5 s")])),
        Row(
            disposition: .retry(delay: -3), cancelRequested: false,
            expected: Settlement(
                state: .enqueued, failures: 1,
                entries: [entry(.failed), entry(.retryScheduled, "next attempt in 0.0 s")])),
        Row(
            disposition: .retry(delay: .nan), cancelRequested: false,
            expected: Settlement(
                state: .enqueued, failures: 1,
                entries: [entry(.failed), entry(.retryScheduled, "next attempt in 0.0 s")])),
        Row(
            disposition: .retry(delay: 1), cancelRequested: true,
            expected: Settlement(state: .cancelled, failures: 1, entries: [entry(.failed), notAgain])),
        Row(
            disposition: .abandon(delay: 0), cancelRequested: false,
            expected: Settlement(state: .enqueued, interruptions: 1, entries: [entry(.abandoned)])),
        Row(
            disposition: .abandon(delay: 0, countsAsDelivery: false), cancelRequested: false,
            expected: Settlement(
                state: .enqueued, interruptions: 1, deliveriesBack: 1, entries: [entry(.abandoned)])),
        Row(
            disposition: .abandon(delay: 2), cancelRequested: false,
            expected: Settlement(state: .pending, delay: 2000, interruptions: 1, entries: [entry(.abandoned)])),
        Row(
            disposition: .abandon(delay: 2), cancelRequested: true,
            expected: Settlement(state: .cancelled, interruptions: 1, entries: [entry(.abandoned), notAgain])),
        Row(
            disposition: .deadLetter(countsAsFailure: true), cancelRequested: false,
            expected: Settlement(state: .error, failures: 1, entries: [entry(.failed), entry(.deadLettered)])),
        Row(
            disposition: .deadLetter(countsAsFailure: false), cancelRequested: true,
            expected: Settlement(state: .error, entries: [entry(.deadLettered)])),
    ]

    @Test(arguments: rows)
    func followsTheDisposition(_ row: Row) {
        let result = AttemptResult(outcome: .failed, reason: "why", disposition: row.disposition)
        #expect(Settlement.ended(result, cancelRequested: row.cancelRequested) == row.expected)
    }

    @Test(
        arguments: [
            (.retry(delay: 1), .retryScheduled, "next attempt in 1.0 s; because"),
            (.deadLetter(countsAsFailure: true), .deadLettered, "why; because"),
            (.abandon(delay: 0), .abandoned, "why; because"), (.complete, .completed, "why"),
        ] as [(Disposition, TaskEvent.Kind, String)])
    func saysWhyItIsTriedAgainOrNot(_ disposition: Disposition, kind: TaskEvent.Kind, message: String) {
        let result = AttemptResult(outcome: .failed, reason: "why", disposition: disposition, why: "because")
        let entries = Settlement.ended(result, cancelRequested: false).entries
        #expect(entries.first { $0.kind == kind }?.message == message)
    }

    @Test(arguments: [
        (1, 2, TaskState.enqueued), (2, 2, .error), (3, 2, .error), (1, 1, .error), (1, 0, .error), (1, -1, .error),
    ])
    func aLapsedAttemptIsRunAgainWhileDeliveriesAreLeft(_ row: (lost: Int, most: Int, state: TaskState)) {
        let (settlement, reason) = Settlement.lapsed(
            lost: row.lost, maxDeliveries: row.most, cancelRequested: false, reason: "why")
        #expect(settlement.state == row.state)
        #expect(settlement.interruptions == 1)
        #expect(settlement.failures == 0)
        #expect(reason.hasPrefix("RETRIES_EXHAUSTED") == (row.state == .error))
        #expect(reason.hasSuffix("why"))
    }
}
