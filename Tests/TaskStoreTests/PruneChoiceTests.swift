import TaskModel
import Testing

@testable import TaskStore

@Suite("Prune choice")
struct PruneChoiceTests {
    private static func task(
        _ state: TaskState, ended: Int64? = 0, created: Int64 = 0, keepsOutUntil: Int64? = nil
    ) -> PruneCandidate {
        PruneCandidate(
            id: .next(), state: state, createdAt: created, finishedAt: ended, keepsOutUntil: keepsOutUntil)
    }

    @Test(arguments: [
        (task(.complete, ended: 9000), true), (task(.complete, ended: 9001), false), (task(.cancelled), false),
        (task(.inProgress), false), (task(.complete, ended: nil), false),
        (task(.complete, keepsOutUntil: 10_001), false),
        (task(.complete, keepsOutUntil: 10_000), true),
    ])
    func goesByAge(_ task: PruneCandidate, _ goes: Bool) {
        var choice = PruneChoice(
            [PruneRule([.complete, .inProgress], minAge: .seconds(1)), PruneRule([.cancelled], minAge: nil)],
            now: 10_000)
        #expect(choice.takes(task) == goes)
    }

    /// What is too old is also one too many less.
    @Test func goesByNumber() {
        let rules = [
            PruneRule([.complete], minAge: .seconds(1)), PruneRule([.complete, .cancelled], minAge: nil, surplus: 2),
        ]
        var choice = PruneChoice(rules, now: 10_000)
        let tasks = [
            Self.task(.cancelled, ended: 9999), Self.task(.complete), Self.task(.complete),
            Self.task(.complete, ended: 9999),
        ]
        #expect(tasks.map { choice.takes($0) } == [true, true, true, false])
    }

    @Test func goesOnWhileTasksMayBeOldEnoughOrTooMany() {
        let choice = PruneChoice(
            [PruneRule([.complete], minAge: .seconds(1)), PruneRule([.error], minAge: nil)], now: 10_000)
        #expect(choice.mayGoOn(after: [Self.task(.enqueued, created: 9999), Self.task(.enqueued, created: 9000)]))
        #expect(!choice.mayGoOn(after: [Self.task(.complete, created: 9001)]))
        // Tasks that come in another order.
        #expect(choice.mayGoOn(after: [Self.task(.complete, created: 9001)]) { $0.createdAt - 1 })
        #expect(
            PruneChoice([PruneRule([.error], minAge: nil, surplus: 1)], now: 0).mayGoOn(after: [
                Self.task(.error, created: 9)
            ]))
        #expect(!PruneChoice([PruneRule([.error], minAge: nil)], now: 10_000).mayGoOn(after: [Self.task(.error)]))
    }
}
