import Foundation
import Settings
import Supervisor
import TaskModel
import TaskStore
import Testing

@testable import AcodeCommands

@Suite("Whether somebody takes a task")
struct MissingSupervisorTests {
    private static func overview(_ queues: [[String]]) -> QueueOverview {
        QueueOverview(
            supervisors: queues.map { queues in
                var record = SupervisorRecord(
                    id: .next(), pool: "p", installation: "i", boot: "b", host: "h", pid: 1, startedAt: Date(),
                    seenAt: Date())
                record.queues = queues
                return record
            })
    }

    private static let nobodyHere = "no supervisor runs on this host, so the task waits in its queue"

    /// How many were told, whether others may share the store, and the queues of those that live.
    @Test(
        arguments: [
            (0, false, [], nobodyHere), (0, false, [[]], nobodyHere), (0, true, [], "no supervisor runs, so the task"),
            (0, true, [[]], nil), (0, true, [["q"]], nil), (1, false, [], nil), (1, false, [[], [""]], nil),
            (1, false, [[""]], "no supervisor takes tasks of the queue q, so the task waits there"),
            (0, true, [["a"], [""]], "no supervisor takes tasks of the queue q, so the task waits there"),
        ] as [(Int, Bool, [[String]], String?)])
    func itIsToldWhenNobodyDoes(heard: Int, isShared: Bool, queues: [[String]], words: String?) {
        let note = TaskWaiting.missing(heard: heard, isShared: isShared, Self.overview(queues), ["q"], isOne: true)
        #expect(words.map { note?.words.hasPrefix($0) == true } ?? (note == nil), "\(note?.words ?? "nothing")")
    }

    @Test func aStoreThatCantBeAskedProvesNothing() {
        #expect(TaskWaiting.missing(heard: 0, isShared: true, nil, ["q"], isOne: true) == nil)
    }

    /// A dead supervisor is none: its row stays until its successor comes.
    @Test func whoWasNotSeenForALeaseConsumesNothing() async throws {
        let clock = HandClock()
        try await StoreFixture.withStore(clock: clock) { store in
            clock.now(is: -3600)
            try await store.save(try #require(Self.overview([[]]).supervisors.first))
            // A supervisor is seen itself. A command asks for the time.
            #expect(try await QueueOverview.read(store, lease: .seconds(90)).unconsumed(["q"]).isEmpty)
            let time = StoreTime(StoreSettings())
            let late = try await QueueOverview.read(store, lease: .seconds(90), time: time)
            #expect(late.unconsumed(["q", "r", "q"]) == ["q", "r"])
            clock.now(is: 0)
            try await store.save(try #require(Self.overview([["q"]]).supervisors.first))
            let both = try await QueueOverview.read(store, lease: .seconds(90))
            #expect(both.supervisors.map(\.queues) == [["q"]])
        }
    }
}
