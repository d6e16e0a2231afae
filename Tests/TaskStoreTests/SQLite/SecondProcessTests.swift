import Foundation
import GRDB
import Glibc
import TaskModel
import Testing

@testable import TaskStore

@Suite("SQLite: other processes", .timeLimit(.minutes(3)))
struct SecondProcessTests {
    /// A writer killed in the middle of its work leaves whole tasks, and its leases to those who live on.
    @Test func aKilledWriterLeavesAConsistentFile() async throws {
        try await SQLitePlace.with { place in
            let path = place.path
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let store = try await SQLiteTaskStore(path: path)
                await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            while true {
                                _ = try await store.submit([spec(), spec()])
                                _ = try await store.claim(1)
                            }
                        }
                    }
                    group.addTask {
                        while try await store.tally()[.inProgress, default: 0] < 50 {}
                        kill(getpid(), SIGKILL)
                    }
                }
            }
            let store = try await SQLiteTaskStore(path: path)
            let counts = try await store.tally()
            let running = try #require(counts[.inProgress])
            #expect(running >= 50)
            #expect(try await store.tasks(matching: TaskFilter(limit: 10000)).count == counts.values.reduce(0, +))
            #expect(try await store.release(leasesOf: [alice], maxDeliveries: 5).count == running)
            #expect(try await store.claim(by: bob).first?.lease.attempt == 2)
            let check = try DatabaseQueue(path: path)
            #expect(try await check.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
            #expect(
                try await check.read {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM task WHERE seq NOT IN (SELECT seq FROM task_state)")
                } == 0)
            try check.close()
            await store.close()
        }
    }

    /// Two processes claim from one queue until it is empty; the attempts tell who ran what.
    @Test func twoProcessesShareTheWorkAndNoTask() async throws {
        try await SQLitePlace.with { place in
            let path = place.path
            let store = try await SQLiteTaskStore(path: path)
            let ids = try await store.submit((0..<400).map { spec("\($0)") }).map(\.id)
            let mine = try await withThrowingTaskGroup(of: Int?.self) { group in
                group.addTask {
                    await #expect(processExitsWith: .success) { [path = path as String] in
                        let store = try await SQLiteTaskStore(path: path)
                        let done = try await Self.work(store, as: bob)
                        await store.close()
                        if done == 0 { exit(1) }
                    }
                    return nil
                }
                // Leave no work before the other process has begun.
                while try await store.tally()[.complete, default: 0] == 0 { await Task.yield() }
                let mine = try await Self.work(store, as: alice)
                try await group.waitForAll()
                return mine
            }
            #expect(try await store.tally() == [.complete: 400])
            var byAlice = 0
            for id in ids {
                let attempts = try await store.attempts(of: id)
                #expect(attempts.count == 1)
                if attempts.first?.supervisor == alice { byAlice += 1 }
            }
            #expect(byAlice == mine)
            await store.close()
        }
    }

    private static func work(_ store: SQLiteTaskStore, as supervisor: SupervisorID) async throws -> Int {
        var done = 0
        while let claimed = try await store.claim(1, by: supervisor).first {
            guard try await store.finish(claimed.lease, .success) else { throw CocoaError(.featureUnsupported) }
            done += 1
        }
        return done
    }
}
