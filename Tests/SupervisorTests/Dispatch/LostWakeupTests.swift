import Settings
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
}
