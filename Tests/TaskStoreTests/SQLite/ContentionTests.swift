import Foundation
import GRDB
import TaskModel
import Testing

@testable import TaskStore

@Suite("SQLite: other processes hold the lock", .timeLimit(.minutes(3)))
struct ContentionTests {
    /// Holds the write lock on a connection of its own while `body` runs.
    private func locked(_ path: String, _ body: () async throws -> Void) async throws {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        try await queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        try await queue.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        try queue.close()
        try result.get()
    }

    @Test func twoSecondsAreWaitedOutAndReadsGoOn() async throws {
        try await SQLitePlace.with { place in
            let store = try await SQLiteTaskStore(path: place.path)
            let id = try await store.submit([spec()])[0].id
            let begun = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await locked(place.path) {
                    for number in 0..<20 { group.addTask { _ = try await store.submit([spec("\(number)")]) } }
                    #expect(try await store.task(id)?.state == .enqueued)
                    #expect(try await store.tally() == [.enqueued: 1])
                    try await Task.sleep(until: begun + .seconds(2))
                    #expect(try await store.tally() == [.enqueued: 1])
                }
                try await group.waitForAll()
            }
            #expect(try await store.tally() == [.enqueued: 21])
            await store.close()
        }
    }

    @Test func aLockThatIsNeverGivenBackIsReported() async throws {
        try await SQLitePlace.with { place in
            let store = try await SQLiteTaskStore(
                path: place.path, options: .init(busyTimeout: .milliseconds(200)))
            try await locked(place.path) {
                #expect(await failureCode { _ = try await store.submit([spec()]) } == .busy)
                #expect(store.takeClaimConflicts() == 0)
                #expect(await failureCode { _ = try await store.claim() } == .busy)
                #expect(store.takeClaimConflicts() == 1)
                #expect(store.takeClaimConflicts() == 0)
            }
            #expect(try await store.submit([spec()]).count == 1)
            #expect(try await store.tally() == [.enqueued: 1])
            await store.close()
        }
    }
}
