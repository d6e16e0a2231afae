import PostgreSQL
import Testing

@Suite("PostgreSQL: pool", .timeLimit(.minutes(1)))
struct PoolTests {
    private func pool(_ connections: Int = 2) throws -> ConnectionPool {
        var options = ConnectionPool.Options()
        options.connections = connections
        return ConnectionPool(try TestServer.target(), options: options)
    }

    private func pid(_ pool: ConnectionPool) async throws -> Int64 {
        let rows = try await pool.run([PostgresQuery("SELECT pg_backend_pid()")], operation: "test")
        return try #require(rows[0].first).int(0)
    }

    @Test func callersShareFewConnections() async throws {
        let pool = try pool()
        let pids = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<50 { group.addTask { try await pid(pool) } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect((1...2).contains(pids.count))
        await pool.close()
    }

    @Test func aLostConnectionMakesRoomForAnother() async throws {
        let pool = try pool(1)
        let first = try await pid(pool)
        try await TestServer.withConnection {
            _ = try await $0.one("SELECT pg_terminate_backend($1::int)", [.int(first)])
        }
        await #expect(throws: PostgresError.self) { _ = try await pid(pool) }
        #expect(try await pid(pool) != first)
        await pool.close()
    }

    @Test func withoutAServerTheBreakerOpensAndCallersHearAtOnce() async throws {
        let pool = ConnectionPool(try ConnectionTarget("postgresql://a@127.0.0.1:1/a"))
        for _ in 0..<3 {
            let error = await #expect(throws: PostgresError.self) {
                _ = try await pool.run([PostgresQuery("SELECT 1")], operation: "test")
            }
            #expect(error?.code == .unreachable)
        }
        guard case .open = pool.breaker else {
            Issue.record("\(pool.breaker)")
            return
        }
        await pool.close()
    }

    @Test func aClosedPoolRefusesAndItsWaitersToo() async throws {
        let pool = try pool(1)
        let sleeper = Task { try await pool.run([PostgresQuery("SELECT pg_sleep(1)")], operation: "test") }
        try await Task.sleep(for: .milliseconds(300))
        let waiter = Task { try await pid(pool) }
        try await Task.sleep(for: .milliseconds(100))
        await pool.close()
        await #expect(throws: PostgresError.self) { _ = try await waiter.value }
        await #expect(throws: PostgresError.self) { _ = try await pid(pool) }
        _ = try await sleeper.value
    }
}
