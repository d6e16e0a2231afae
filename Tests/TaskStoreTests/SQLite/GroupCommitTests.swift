import Dispatch
import Foundation
import GRDB
import Synchronization
import TaskModel
import Testing

@testable import TaskStore

@Suite("Group commit", .timeLimit(.minutes(3)))
struct GroupCommitTests {
    private struct Refused: Error {}

    /// Counts transactions: the time is read once in each.
    private final class CountingClock: StoreClock {
        let reads = Atomic<Int>(0)
        func now() -> Date {
            reads.wrappingAdd(1, ordering: .relaxed)
            return Date(timeIntervalSince1970: 0)
        }
    }

    /// Runs `body` with a writer whose connection is busy with something else until `release` is called.
    private func withBlockedWriter(
        limits: GroupCommit.Limits = .init(), connection: DatabaseQueue? = nil,
        _ body: (_ commit: GroupCommit, _ clock: CountingClock, _ release: @Sendable () -> Void) async throws -> Void
    ) async throws {
        let connection = try connection ?? DatabaseQueue()
        try await connection.write { db in
            for migration in SQLiteSchema.migrations { try db.execute(sql: migration) }
            try db.execute(sql: "CREATE TABLE item (number INTEGER UNIQUE)")
        }
        let clock = CountingClock()
        let commit = GroupCommit(connection: connection, clock: clock, busyTimeout: .seconds(1), limits: limits)
        let gate = DispatchSemaphore(value: 0)
        connection.asyncWriteWithoutTransaction { _ in _ = gate.wait(timeout: .now() + 30) }
        try await body(commit, clock) { gate.signal() }
        gate.signal()
        await commit.close()
        try connection.close()
    }

    private static func insert(_ number: Int) -> @Sendable (WriteScope) throws -> Int {
        { scope in
            try scope.run("INSERT INTO item VALUES (?)", [number])
            return number
        }
    }

    /// Calls `body` for each number at once, and `release` when all of them wait.
    private func together(
        _ numbers: Range<Int>, _ commit: GroupCommit, _ release: @Sendable () -> Void,
        _ body: @escaping @Sendable (Int) async -> Bool
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in numbers { group.addTask { await body(number) } }
            await until(commit, has: numbers.count)
            release()
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    private func until(_ commit: GroupCommit, has waiting: Int) async {
        let deadline = ContinuousClock.now + .seconds(20)
        while commit.waitingCount < waiting, ContinuousClock.now < deadline { await Task.yield() }
    }

    private func number(_ commit: GroupCommit, _ sql: String) async throws -> Int? {
        try await commit.perform("count") { try $0.first(sql).map { $0[0] } }
    }

    @Test(arguments: [(nil, 20), (60, 150), (149, 150), (150, 20), (5_000, 20)] as [(Int?, Int)])
    func theWriterLooksLongWhereThatWouldHavePaid(pause: Int?, expected: Int) {
        let attention = GroupCommit.Attention(shortest: .microseconds(20), longest: .microseconds(150))
        #expect(attention.span(after: pause.map { .microseconds($0) }) == .microseconds(expected))
    }

    @Test func whatWaitsSharesATransaction() async throws {
        try await withBlockedWriter { commit, clock, release in
            let done = try await together(0..<300, commit, release) { number in
                (try? await commit.perform("insert", Self.insert(number))) == number
            }
            #expect(done == 300)
            #expect(clock.reads.load(ordering: .relaxed) == 2)
        }
    }

    @Test func oneThatFailsTakesNothingWithIt() async throws {
        try await withBlockedWriter { commit, clock, release in
            let done = try await together(0..<100, commit, release) { number in
                (try? await commit.perform("insert") { scope in
                    _ = try Self.insert(number)(scope)
                    scope.counts.move(queue: "q", from: nil, to: .enqueued)
                    if number % 3 == 0 { throw Refused() }
                    return true
                }) == true
            }
            #expect(done == 66)
            #expect(clock.reads.load(ordering: .relaxed) == 1)
            for sql in ["SELECT count(*) FROM item", "SELECT count FROM queue_count WHERE queue = 'q'"] {
                #expect(try await number(commit, sql) == 66)
            }
        }
    }

    @Test func aLostTransactionIsRunAgainOneByOne() async throws {
        try await withBlockedWriter { commit, _, release in
            let done = try await together(0..<10, commit, release) { number in
                (try? await commit.perform("insert") { scope in
                    _ = try Self.insert(number)(scope)
                    // As SQLite does by itself after some errors.
                    if number == 5 {
                        try scope.db.execute(sql: "ROLLBACK")
                        throw Refused()
                    }
                    return true
                }) == true
            }
            #expect(done == 9)
            #expect(try await number(commit, "SELECT count(*) FROM item") == 9)
        }
    }

    /// A second for each of them would be three quarters of a minute.
    @Test func thoseOfALostTransactionWaitForTheLockTogether() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "lost-\(UUID().uuidString).db").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        var configuration = Configuration()
        configuration.busyMode = .timeout(1)
        var unbound = Configuration()
        unbound.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: file, configuration: unbound)
        let connection = try DatabaseQueue(path: file, configuration: configuration)
        try await withBlockedWriter(connection: connection) { commit, _, release in
            let begun = ContinuousClock.now
            let done = try await together(0..<45, commit, release) { number in
                (try? await commit.perform("insert") { scope in
                    if number == 0 {
                        try scope.db.execute(sql: "ROLLBACK")
                        try other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
                        throw Refused()
                    }
                    return try Self.insert(number)(scope)
                }) != nil
            }
            #expect(done == 0)
            #expect(ContinuousClock.now - begun < .seconds(20))
            try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            #expect(try await number(commit, "SELECT count(*) FROM item") == 0)
        }
        try other.close()
    }

    @Test func tooManyWaitersAreRefused() async throws {
        try await withBlockedWriter(limits: .init(batch: 4, waiting: 10)) { commit, _, release in
            let done = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<10 {
                    group.addTask { (try? await commit.perform("insert", Self.insert(number))) == number }
                }
                await until(commit, has: 10)
                #expect(await failureCode { _ = try await commit.perform("insert", Self.insert(10)) } == .busy)
                release()
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 10)
        }
    }

    /// Who is told of a write writes again at once, so that the writer has always something to do.
    @Test func whoWritesAgainAndAgainDoesNotKeepTheConnection() async throws {
        let patient = GroupCommit.Attention(shortest: .milliseconds(50), longest: .milliseconds(50))
        try await withBlockedWriter(limits: .init(attention: patient)) { commit, _, release in
            release()
            let most = 50_000
            let written = Count()
            let isOver = Count()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<most where isOver.now == 0 {
                        _ = try await commit.perform("insert", Self.insert(number))
                        written.add(1)
                    }
                }
                while written.now == 0 { await Task.yield() }
                try await commit.alone("look") { db in
                    #expect(!db.isInsideTransaction)
                    #expect(written.now < most)
                }
                // Those who made way go on.
                let seen = written.now
                while written.now < min(seen + 10, most) { await Task.yield() }
                isOver.add(1)
                try await group.waitForAll()
            }
        }
    }

    /// Has so many writes wait; each tells whether it succeeded.
    private func wait(
        with count: Int, on commit: GroupCommit, in group: inout ThrowingTaskGroup<Bool, any Error>
    ) async {
        for number in 0..<count {
            group.addTask { (try? await commit.perform("insert", Self.insert(number))) == number }
        }
        await until(commit, has: count)
    }

    @Test func closingFinishesWhatMadeWay() async throws {
        try await withBlockedWriter(limits: .init(batch: 4)) { commit, _, release in
            let done = try await withThrowingTaskGroup(of: Bool.self) { group in
                await wait(with: 50, on: commit, in: &group)
                group.addTask { (try? await commit.alone("look") { _ in }) != nil }
                while commit.awaitedBy == 0 { await Task.yield() }
                group.addTask {
                    await commit.close()
                    return true
                }
                while !commit.isClosed { await Task.yield() }
                release()
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 52)
        }
    }

    @Test func closingFinishesWhatWasAccepted() async throws {
        try await withBlockedWriter { commit, _, release in
            let done = try await withThrowingTaskGroup(of: Bool.self) { group in
                await wait(with: 50, on: commit, in: &group)
                group.addTask {
                    await commit.close()
                    return true
                }
                while !commit.isClosed { await Task.yield() }
                release()
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == 51)
            #expect(await failureCode { _ = try await commit.perform("insert", Self.insert(99)) } == .closed)
        }
    }
}
