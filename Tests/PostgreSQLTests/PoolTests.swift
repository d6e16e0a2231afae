import PostgreSQL
import Synchronization
import Testing

@Suite("PostgreSQL: pool", .timeLimit(.minutes(3)))
struct PoolTests {
    private func pool(_ connections: Int = 2) throws -> ConnectionPool {
        var options = ConnectionPool.Options()
        options.connections = connections
        // Other tests make the machine slow.
        options.waitLimit = .seconds(40)
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
        // Found in the middle of its end, the session is an error; found after it, it isn't even that.
        let second = if let pid = try? await pid(pool) { pid } else { try await pid(pool) }
        #expect(second != first)
        #expect(pool.snapshot.lost == 1)
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

    /// Takes the one connection until the returned task is cancelled.
    private func occupy(_ pool: ConnectionPool) async throws -> Task<PostgresError?, Never> {
        let task = Task { () -> PostgresError? in
            do throws(PostgresError) {
                _ = try await pool.run([PostgresQuery("SELECT pg_sleep(60)")], operation: "test", timeout: .seconds(60))
                return nil
            } catch { return error }
        }
        while pool.snapshot.opened == 0 { try await Task.sleep(for: .milliseconds(10)) }
        return task
    }

    @Test func whoWaitsTooLongHearsThatAllAreInUse() async throws {
        var options = ConnectionPool.Options()
        options.connections = 1
        options.waitLimit = .milliseconds(200)
        options.exhaustedHint = "raise this.setting"
        let pool = ConnectionPool(try TestServer.target(), options: options)
        let holder = try await occupy(pool)
        let began = ContinuousClock.now
        let error = await #expect(throws: PostgresError.self) { _ = try await pid(pool) }
        #expect(.now - began < .seconds(3))
        #expect(error?.code == .exhausted)
        #expect(error?.operation == "test")
        for word in ["the one connection", "raise this.setting"] {
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
        #expect(pool.snapshot.exhausted == 1)
        #expect(pool.snapshot.waiting == 0)
        // The time of a call is for its wait, too.
        let short = await #expect(throws: PostgresError.self) {
            _ = try await pool.run([PostgresQuery("SELECT 1")], operation: "test", timeout: .milliseconds(50))
        }
        #expect(short?.code == .exhausted)
        holder.cancel()
        #expect(await holder.value?.code == .cancelled)
        _ = try await pid(pool)
        await pool.close()
    }

    @Test func whoWaitsIsCancelledAtOnce() async throws {
        let pool = try pool(1)
        let holder = try await occupy(pool)
        let waiter = Task { () -> PostgresError.Code? in
            do {
                _ = try await pid(pool)
                return nil
            } catch { return (error as? PostgresError)?.code }
        }
        while pool.snapshot.waiting == 0 { try await Task.sleep(for: .milliseconds(10)) }
        waiter.cancel()
        #expect(await waiter.value == .cancelled)
        #expect(pool.snapshot.waiting == 0)
        holder.cancel()
        _ = await holder.value
        _ = try await pid(pool)
        await pool.close()
    }

    @Test func preparedStatementsSurviveTheirSessionAndAChangedTable() async throws {
        let pool = try pool(1)
        let table = "t\(UInt32.random(in: 0...(.max)))"
        _ = try await pool.run([PostgresQuery("CREATE TABLE \(table) (a bigint)")], operation: "test")
        let look = PostgresQuery("SELECT * FROM \(table) WHERE a = $1", [.int(1)])
        _ = try await pool.run([look], operation: "test")
        let first = try await pid(pool)
        try await TestServer.withConnection {
            _ = try await $0.one("SELECT pg_terminate_backend($1::int)", [.int(first)])
        }
        // The server needs a moment to end it; a call in between would find it in the middle.
        try await Task.sleep(for: .milliseconds(200))
        _ = try await pool.run([look], operation: "test")
        #expect(try await pid(pool) != first)
        _ = try await pool.run([PostgresQuery("ALTER TABLE \(table) ADD b bigint")], operation: "test")
        _ = try await pool.run([look, look], operation: "test")
        _ = try await pool.run([PostgresQuery("DEALLOCATE ALL")], operation: "test")
        _ = try await pool.run([look], operation: "test")
        #expect(pool.snapshot.lost == 1)
        _ = try await pool.run([PostgresQuery("DROP TABLE \(table)")], operation: "test")
        await pool.close()
    }

    @Test func changesOfTheBreakerAreTold() async throws {
        let told = Told()
        var options = ConnectionPool.Options()
        options.breaker.pause = .milliseconds(10)
        options.breaker.longestPause = .milliseconds(10)
        options.breakerChanged = { told.add($0.phase) }
        let pool = ConnectionPool(try ConnectionTarget("postgresql://a@127.0.0.1:1/a"), options: options)
        for _ in 0..<3 { await #expect(throws: PostgresError.self) { _ = try await pid(pool) } }
        try await Task.sleep(for: .milliseconds(50))
        await #expect(throws: PostgresError.self) { _ = try await pid(pool) }
        #expect(told.phases == [.open, .halfOpen, .open])
        await pool.close()
    }
}

/// What a pool has told.
private final class Told: Sendable {
    private let state = Mutex<[CircuitBreaker.Phase]>([])

    func add(_ phase: CircuitBreaker.Phase) { state.withLock { $0.append(phase) } }

    var phases: [CircuitBreaker.Phase] { state.withLock { $0 } }
}
