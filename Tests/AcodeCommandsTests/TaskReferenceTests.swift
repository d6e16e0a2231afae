import Foundation
import TaskModel
import TaskStore
import Testing

@testable import AcodeCommands

@Suite("Task references")
struct TaskReferenceTests {
    private static let ids = ["0198c5a2-1111", "0198c5a2-2222", "0198c5a2"].map { TaskID(rawValue: $0) }

    @Test func oneCandidateIsTheTask() throws {
        #expect(try TaskReference.choose("0198c5a2-1", from: [Self.ids[0]]) == Self.ids[0])
    }

    @Test func anExactIDWinsOverLongerOnes() throws {
        #expect(try TaskReference.choose("0198c5a2", from: Self.ids) == Self.ids[2])
    }

    @Test func severalCandidatesAreListed() {
        let error = #expect(throws: CommandFailure.self) { try TaskReference.choose("0198", from: Self.ids) }
        #expect(error?.exitCode == 1)
        for id in Self.ids { #expect(error?.message.contains("\n  \(id)") == true) }
        #expect(error?.hint == "give more characters")
    }

    @Test func moreCandidatesThanCanBeShownAreCutOff() {
        let many = (0..<TaskReference.mostCandidates).map { TaskID(rawValue: "0198-\($0)") }
        let error = #expect(throws: CommandFailure.self) { try TaskReference.choose("0198", from: many) }
        #expect(error?.message.hasSuffix("\n  0198-4\n  …") == true)
    }

    @Test func noCandidateIsAFailure() {
        let error = #expect(throws: CommandFailure.self) { try TaskReference.choose("0198", from: []) }
        #expect(error == TaskReference.unknown("0198"))
    }

    @Test(arguments: [
        ("019", "too short"), ("", "too short"), ("nightly", "is no task id"), ("0198%", "is no task id"),
        (String(repeating: "0", count: 37), "is no task id"),
    ])
    func whatCantBeAnIDIsRefused(text: String, words: String) {
        #expect(TaskReference.mistake(in: text)?.message.contains(words) == true)
        #expect(TaskReference.mistake(in: text)?.exitCode == 64)
    }

    @Test func idsAreFoundInAStore() async throws {
        try await StoreFixture.withStore { store in
            let tasks = try await store.submit([TaskSpec(command: ["true"]), TaskSpec(command: ["false"])])
            let id = tasks[1].id.rawValue
            #expect(try await TaskReference.resolve(id.uppercased(), in: store) == tasks[1].id)
            #expect(try await TaskReference.task(String(id.prefix(35)), in: store).spec.command == ["false"])
            // Both were made in the same moment, so their first characters are the same.
            await #expect(throws: CommandFailure.self) {
                try await TaskReference.resolve(String(id.prefix(8)), in: store)
            }
            #expect(try await resolveAll([id, id], in: store) == [tasks[1].id])
        }
    }
}
