import Foundation
import GRDB
import TaskModel
import Testing

@testable import TaskStore

@Suite("SQLite: no room", .timeLimit(.minutes(3)))
struct FullDiskTests {
    private func big(_ number: Int) -> TaskSpec {
        var big = spec("\(number)")
        big.stdin = String(repeating: "x", count: 100_000)
        return big
    }

    /// Submits until it fails, and returns how many tasks were accepted.
    private func fill(_ store: SQLiteTaskStore) async throws -> Int {
        for accepted in 0..<1000 {
            do throws(StoreError) { _ = try await store.submit([big(accepted)]) } catch {
                #expect(error.code == .full)
                #expect(error.hint != nil)
                return accepted
            }
        }
        Issue.record("a full disk was never noticed")
        return 0
    }

    private func isWhole(_ store: SQLiteTaskStore, _ path: String, tasks: Int) async throws {
        #expect(try await store.tally() == [.enqueued: tasks])
        #expect(try await store.tasks(matching: TaskFilter(limit: 1000)).count == tasks)
        let check = try DatabaseQueue(path: path)
        #expect(try await check.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        try check.close()
    }

    @Test func theSizeLimitIsKeptAndNothingIsHalfWritten() async throws {
        try await SQLitePlace.with { place in
            let store = try await place.open(clock: TestClock(), options: .init(maxBytes: 2 << 20))
            let accepted = try await fill(store)
            #expect((10..<25).contains(accepted))
            await #expect(throws: StoreError.self) { try await store.submit((0..<50).map(big)) }
            try await isWhole(store, place.path, tasks: accepted)
            let lease = try #require(try await store.claim().first).lease
            #expect(try await store.finish(lease, .success))
            await store.close()
        }
    }

    @Test func oneThatIsTooBigDoesNotFailItsNeighbours() async throws {
        try await SQLitePlace.with { place in
            let store = try await place.open(clock: TestClock(), options: .init(maxBytes: 2 << 20))
            let tooBig = (0..<50).map(big)
            let accepted = await withTaskGroup(of: Int.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let specs = number % 10 == 0 ? tooBig : [spec("\(number)")]
                        return (try? await store.submit(specs).count) ?? 0
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(accepted == 36)
            try await isWhole(store, place.path, tasks: 36)
            await store.close()
        }
    }

    /// The real thing: a file system of 4 MiB. Needs the right to mount.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting needs root"))
    func aFullFileSystemIsReportedAndSurvived() async throws {
        try await SQLitePlace.with { place in
            let disk = try SmallDisk(at: place.directory + "/state")
            defer { disk.unmount() }
            let store = try await SQLiteTaskStore(path: place.path)
            let accepted = try await fill(store)
            #expect(accepted > 3)
            #expect(try await store.tally() == [.enqueued: accepted])
            await store.close()
            let again = try await SQLiteTaskStore(path: place.path)
            #expect(try await again.tasks(matching: TaskFilter(limit: 1000)).count == accepted)
            await again.close()
        }
    }
}
