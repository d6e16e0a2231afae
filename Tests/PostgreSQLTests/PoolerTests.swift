import Foundation
import PostgreSQL
import TestSupport
import Testing

/// Through a pgbouncer that hands sessions out by the transaction.
@Suite("PostgreSQL: behind a pooler", .timeLimit(.minutes(3)))
struct PoolerTests {
    private func target() throws -> ConnectionTarget {
        try ConnectionTarget(try #require(ProcessInfo.processInfo.environment["ACODE_TEST_PGBOUNCER"]))
    }

    private func pool(_ options: SessionOptions = SessionOptions(), _ count: Int = 4) throws -> ConnectionPool {
        var all = ConnectionPool.Options()
        all.session = options
        all.connections = count
        // Other tests make the machine slow.
        all.waitLimit = .seconds(40)
        return ConnectionPool(try target(), options: all)
    }

    /// Sessions of the server change under our feet all the time: names of statements would collide or be missing.
    @Test func statementsAreFoundWhateverSessionRunsThem() async throws {
        let pool = try pool(SessionOptions(), 8)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    let queries = [
                        PostgresQuery("SELECT $1 + 1", [.int(Int64(number))]), PostgresQuery("SELECT $1", [.text("a")]),
                        PostgresQuery("SELECT \(number % 7) + $1", [.int(1)]),
                    ]
                    let rows = try await pool.run(queries, operation: "test")
                    #expect(try rows[0].first?.int(0) == Int64(number + 1))
                    #expect(try rows[2].first?.int(0) == Int64(number % 7 + 1))
                }
            }
            try await group.waitForAll()
        }
        #expect(pool.snapshot.lost == 0)
        await pool.close()
    }

    @Test func settingsHoldForOurTransactionsAndForNobodyElse() async throws {
        let set = try pool(SessionOptions(settings: ["enable_seqscan": "off", "statement_timeout": "1234ms"]), 2)
        let plain = try pool(SessionOptions(), 2)
        let look = PostgresQuery("SELECT current_setting('enable_seqscan'), current_setting('statement_timeout')")
        for _ in 0..<20 {
            let ours = try await set.run([look], operation: "test")
            #expect(ours.count == 1)
            #expect(try ours[0].first?.text(0) == "off")
            #expect(try ours[0].first?.text(1) == "1234ms")
            let theirs = try await plain.run([look], operation: "test")
            #expect(try theirs[0].first?.text(0) == "on")
        }
        await set.close()
        await plain.close()
    }

    /// As a migration does it: what it sets in its own transaction stays as it set it.
    @Test func aTransactionOfSeveralCallsKeepsItsOwnSettings() async throws {
        let pool = try pool(SessionOptions(settings: ["statement_timeout": "1234ms"]), 1)
        try await pool.withConnection("test") { connection throws(PostgresError) in
            try await connection.runScript("BEGIN; SET LOCAL statement_timeout = 0", operation: "test")
            let rows = try await connection.run(
                [PostgresQuery("SELECT current_setting('statement_timeout')")], operation: "test")
            #expect(try rows[0].first?.text(0) == "0")
            try await connection.runScript("ROLLBACK", operation: "test")
        }
        await pool.close()
    }

    @Test func cancellingAndTimeOutsReachTheServer() async throws {
        let pool = try pool(SessionOptions(), 1)
        let sleeper = Task { try await pool.run([PostgresQuery("SELECT pg_sleep(30)")], operation: "test") }
        try await Task.sleep(for: .milliseconds(300))
        sleeper.cancel()
        await #expect(throws: PostgresError.self) { _ = try await sleeper.value }
        _ = try await pool.run([PostgresQuery("SELECT 1")], operation: "test")
        let began = ContinuousClock.now
        let error = await #expect(throws: PostgresError.self) {
            _ = try await pool.run(
                [PostgresQuery("SELECT pg_sleep(30)")], operation: "test", timeout: .milliseconds(200))
        }
        #expect(error?.code == .timedOut)
        #expect(.now - began < .seconds(5))
        let after = try await pool.run([PostgresQuery("SELECT 1::bigint")], operation: "test")
        #expect(try after[0].first?.int(0) == 1)
        await pool.close()
    }

    /// A pooler takes the order to listen and never passes a notification on: that must not look like listening.
    @Test func aListenerSaysThatItCannotListen() async throws {
        let listener = PostgresListener(try target(), channels: ["x"])
        defer { listener.close() }
        let wake = try #require(await listener.next())
        #expect(wake.trouble?.message.contains("pooler") == true)
        #expect(!listener.isConnected)
    }
}
