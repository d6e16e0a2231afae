import Foundation
import Settings
import TaskModel
import TaskStore
import TestSupport
import Testing

@testable import Supervisor

/// The store does not take an end, and the disk does not keep it.
@Suite("Attempts: lost ends", .timeLimit(.minutes(3)))
struct LostEndTests {
    @Test func theTaskRunsAgainAndItsTimelineSaysWhy() async throws {
        var faulty: FaultyStore?
        let test = try await TestSupervisor(in: Scratch(), workers: 1) {
            // Nobody else gives the lease back.
            $0.queue.recovery = .off
            // For twice as long an end is insisted on; shorter, a busy machine would lose the lease before.
            $0.queue.lease = .seconds(10)
        } behind: {
            let store = FaultyStore($0)
            faulty = store
            return store
        }
        let store = try #require(faulty)
        try await test.run {
            try await eventually("a worker") { test.supervisor.status.ready == 1 }
            try FileManager.default.removeItem(atPath: test.layout.results)
            store.fail(.finish, .unreachable)
            let id = try await test.submit(["echo said"])[0]
            try await test.waitForOutput(of: id)
            try await eventually("nobody to insist any more", within: .seconds(120)) {
                test.supervisor.registry.count == 0
            }
            store.mend()
            let task = try await test.wait(for: id, in: [.complete])
            #expect(task.attempt == 2)
            // The attempt whose end was lost counts.
            #expect(task.deliveries == 2)
            let first = try #require(try await store.attempts(of: id).first)
            #expect(first.outcome == .leaseLost)
            #expect(first.reason == "its end could neither be recorded nor kept (succeeded: exited with code 0)")
            #expect(first.worker != nil)
        }
    }
}
