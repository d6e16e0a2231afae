import Settings
import Synchronization
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor

/// Where nobody polls, a task is told of once.
@Suite("Dispatcher: lost wake-ups", .timeLimit(.minutes(3)))
struct LostWakeupTests {
    @Test(arguments: [FaultyStore.Fault.unreachable, .answerLost, .conflict])
    func aClaimThatComesToNothingIsTriedAgainByWhoDoesNotPoll(fault: FaultyStore.Fault) async throws {
        var faulty: FaultyStore?
        let test = try await TestSupervisor(in: Scratch(), workers: 1) {
            $0.queue.wakeups = .events
            $0.queue.pollInterval = .milliseconds(50)
            // Nobody else gives back what a claim took whose answer was lost.
            $0.queue.recovery = .off
            $0.queue.lease = .seconds(600)
        } behind: {
            let store = FaultyStore($0, tells: true)
            faulty = store
            return store
        }
        let store = try #require(faulty)
        try await test.run {
            try await eventually("a worker") { test.supervisor.status.ready == 1 }
            try await eventually("nobody to poll") { !test.supervisor.wakeups.mustPoll }
            store.fail(.claim, fault, times: 1)
            let id = try await test.submit(["true"])[0]
            try await eventually("the claim that fails") { store.struck(.claim) == 1 }
            try await test.wait(for: id, in: [.complete])
            #expect(try await test.store.task(id)?.deliveries == 1)
        }
    }

    /// A submitter that is killed after its commit tells nobody.
    @Test func whoDoesNotPollLooksNowAndThenAllTheSame() async throws {
        let scratch = try Scratch()
        let sqlite = try await SQLiteTaskStore(path: "\(scratch.path)/acode.sqlite")
        var settings = QueueSettings()
        settings.wakeups = .events
        let listener = WakeupListener(
            store: FaultyStore(sqlite, tells: true), supervisor: .next(), settings: settings,
            metrics: SupervisorMetrics(), logger: .silent, untoldInterval: .milliseconds(20))
        let looks = LookCount()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await listener.run(look: { looks.add() }, checkLeases: {}) }
            try await eventually("some looks") { looks.value >= 5 }
            group.cancelAll()
        }
        await sqlite.close()
    }
}

private final class LookCount: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add() { count.add(1, ordering: .relaxed) }
}
