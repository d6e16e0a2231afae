import Foundation
import PostgreSQL
import TestSupport
import Testing

/// The network and the server go wrong; nothing waits beyond its deadline, and everything comes back.
@Suite("PostgreSQL: faults", .timeLimit(.minutes(8)))
struct FaultTests {
    private let one = PostgresQuery("SELECT 1::bigint")

    private func pool(
        _ url: String, _ count: Int = 1, connectTimeout: Duration = .seconds(3)
    ) throws -> ConnectionPool {
        var options = ConnectionPool.Options()
        options.connections = count
        options.breaker.pause = .milliseconds(50)
        var target = try ConnectionTarget(url)
        target.connectTimeout = connectTimeout
        return ConnectionPool(target, options: options)
    }

    private func failure(
        _ pool: ConnectionPool, _ sql: String = "SELECT 1", timeout: Duration = .seconds(10)
    ) async -> PostgresError? {
        do throws(PostgresError) {
            _ = try await pool.run([PostgresQuery(sql)], operation: "test", timeout: timeout)
            return nil
        } catch { return error }
    }

    private func withProxy(_ body: (FaultProxy, ConnectionPool) async throws -> Void) async throws {
        let proxy = try FaultProxy(upstream: try TestServer.url())
        let pool = try pool(proxy.url)
        #expect(await failure(pool) == nil)
        do { try await body(proxy, pool) } catch {
            proxy.stop()
            throw error
        }
        proxy.pass()
        try await eventually("an answer") { await failure(pool) == nil }
        await pool.close()
        proxy.stop()
    }

    @Test(arguments: [1, 40, 5_000, 900_000])
    func aConnectionThatIsCutInTheMiddleOfAnAnswer(afterBytes count: Int) async throws {
        try await withProxy { proxy, pool in
            proxy.cut(afterAnswerBytes: count)
            let error = await failure(pool, "SELECT repeat('x', 1000), g FROM generate_series(1, 3000) g")
            #expect(error?.code == .connectionLost)
            #expect(pool.snapshot.lost == 1)
        }
    }

    @Test func aSlowNetworkIsSlowAndNothingElse() async throws {
        try await withProxy { proxy, pool in
            proxy.slow(bytesPerSecond: 400_000)
            proxy.delay(.milliseconds(30))
            let rows = try await pool.run([PostgresQuery("SELECT repeat('x', 300000)")], operation: "test")
            #expect(try rows[0].first?.text(0).utf8.count == 300_000)
            #expect(pool.snapshot.lost == 0)
        }
    }

    /// They are sent without waiting for each other's answers.
    @Test func manyStatementsTakeOneRoundTripAndNotOneEach() async throws {
        try await withProxy { proxy, pool in
            func elapsed(_ count: Int) async throws -> Duration {
                let began = ContinuousClock.now
                let queries = (0..<count).map { PostgresQuery("SELECT $1 + 1", [.int(Int64($0))]) }
                let rows = try await pool.run(queries, operation: "test")
                #expect(try rows.last?.first?.int(0) == Int64(count))
                return .now - began
            }
            _ = try await elapsed(1)
            proxy.delay(.milliseconds(100))
            let one = try await elapsed(1)
            let many = try await elapsed(40)
            #expect(one > .milliseconds(90) && many < one * 10, "\(one), \(many)")
        }
    }

    /// Whoever waits less than one try may take would never come to the second server.
    @Test func aSilentServerLeavesTimeForTheNextOne() async throws {
        let servers = [try FaultProxy(upstream: try TestServer.url()), try FaultProxy(upstream: try TestServer.url())]
        defer { for server in servers { server.stop() } }
        servers[0].hold()
        let place = "127.0.0.1:\(servers[0].port)"
        let url = servers[0].url.replacing(place, with: "\(place),127.0.0.1:\(servers[1].port)")
        let pool = try pool(url, connectTimeout: .seconds(50))
        #expect(await failure(pool, timeout: .seconds(4)) == nil)
        await pool.close()
    }

    /// The request to cancel is swallowed, too.
    @Test func aNetworkThatSwallowsEverythingIsGivenUpInTime() async throws {
        try await withProxy { proxy, pool in
            proxy.hold()
            let began = ContinuousClock.now
            #expect(await failure(pool, timeout: .milliseconds(300))?.code == .timedOut)
            #expect(.now - began < .seconds(5))
            let again = ContinuousClock.now
            #expect(await failure(pool, timeout: .seconds(5))?.code == .unreachable)
            #expect(.now - again < .seconds(7))
        }
        try await eventually("the end of requests to cancel") { Threads.count(named: "acode-pgcancel") == 0 }
    }

    @Test func cancellingACallerWhoWaitsForASilentServerEndsIt() async throws {
        try await withProxy { proxy, pool in
            proxy.hold()
            let caller = Task { await failure(pool, timeout: .seconds(60)) }
            try await Task.sleep(for: .milliseconds(200))
            let began = ContinuousClock.now
            caller.cancel()
            #expect(await caller.value != nil)
            #expect(.now - began < .seconds(5))
        }
    }

    /// What the server ended while it lay idle is replaced without a word, also for a write: nothing had been sent.
    @Test func idleConnectionsThatHaveEndedAreNoError() async throws {
        let proxy = try FaultProxy(upstream: try TestServer.url())
        defer { proxy.stop() }
        let pool = try pool(proxy.url, 4)
        for _ in 0..<3 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { _ = try await pool.run([PostgresQuery("SELECT pg_sleep(0.1)")], operation: "test") }
                }
                try await group.waitForAll()
            }
            proxy.cutAll()
            try await eventually("the cut") { proxy.openCount == 0 }
            #expect(await failure(pool) == nil)
        }
        await pool.close()
    }

    @Test func theBreakerOpensLetsOneTryAndCloses() async throws {
        try await withProxy { proxy, pool in
            proxy.refuse()
            proxy.cutAll()
            try await eventually("the breaker opens") {
                _ = await failure(pool)
                return pool.breaker.phase == .open
            }
            try await eventually("somebody is refused at once") {
                _ = await failure(pool)
                return pool.snapshot.refusals > 0
            }
            #expect(pool.snapshot.breakerOpenings >= 1)
            #expect(await failure(pool)?.code == .unreachable)
            proxy.pass()
            try await eventually("the breaker closes") {
                _ = await failure(pool)
                return pool.breaker.phase == .closed
            }
        }
    }

    @Test func aServerThatIsPausedKilledOrRestartedComesBack() async throws {
        try await PostgresInstance.with { server in
            let pool = try pool(server.url, 2, connectTimeout: .seconds(1))
            #expect(await failure(pool) == nil)
            for (fault, cure) in [("pause", "resume"), ("kill", "start"), ("halt", "start")] {
                try await server.control(fault)
                for _ in 0..<2 {
                    let began = ContinuousClock.now
                    #expect(await failure(pool, timeout: .milliseconds(500)) != nil, "\(fault)")
                    #expect(.now - began < .seconds(5), "\(fault)")
                }
                try await server.control(cure)
                try await eventually("an answer after \(cure)") { await failure(pool) == nil }
                let rows = try await pool.run([one], operation: "test")
                #expect(try rows[0].first?.int(0) == 1)
            }
            await pool.close()
        }
    }

    @Test func closedPoolsLeaveNoThreadAndNoFile() async throws {
        await #expect(processExitsWith: .success) {
            func files() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
            let before = try files()
            for _ in 0..<5 {
                let pool = ConnectionPool(try TestServer.target())
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            _ = try await pool.run([PostgresQuery("SELECT pg_sleep(0.02)")], operation: "test")
                        }
                    }
                    try await group.waitForAll()
                }
                // The counters can see a leak.
                #expect(Threads.count(named: "acode-postgres") == 4)
                #expect(try files() > before)
                await pool.close()
                try await eventually("the end of threads") { Threads.count(named: "acode-postgres") == 0 }
            }
            #expect(try files() <= before + 2)
        }
    }
}
