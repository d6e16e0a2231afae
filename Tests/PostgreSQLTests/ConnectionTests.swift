import Foundation
import Glibc
import PostgreSQL
import Testing

@Suite("PostgreSQL: connections", .timeLimit(.minutes(3)))
struct ConnectionTests {
    private func code(_ body: () async throws -> Void) async -> PostgresError.Code? {
        do {
            try await body()
            return nil
        } catch { return (error as? PostgresError)?.code }
    }

    private func sqlState(of sql: String, on connection: PostgresConnection) async -> String? {
        do {
            _ = try await connection.one(sql)
            return nil
        } catch { return (error as? PostgresError)?.sqlState }
    }

    @Test func statementsOfOneCallAreOneTransaction() async throws {
        try await TestServer.withConnection { connection in
            try await connection.runScript("CREATE TEMP TABLE t (x bigint PRIMARY KEY)", operation: "test")
            let insert = PostgresQuery("INSERT INTO t SELECT $1", [.int(1)])
            let error = await #expect(throws: PostgresError.self) {
                _ = try await connection.run([insert, insert], operation: "test")
            }
            #expect(error?.sqlState == "23505")
            #expect(error?.isTransient == false)
            #expect(try await connection.number("SELECT count(*) FROM t") == 0)
            let answers = try await connection.run(
                [insert, PostgresQuery("INSERT INTO t SELECT $1", [.int(2)]), PostgresQuery("SELECT count(*) FROM t")],
                operation: "test")
            #expect(answers.count == 3)
            #expect(try answers[2].first?.int(0) == 2)
        }
    }

    /// What the server finds wrong only when it commits is told like everything else, and the session goes on.
    @Test func whatFailsAtTheCommitHasNoEffect() async throws {
        try await TestServer.withConnection { connection in
            try await connection.runScript(
                "CREATE TEMP TABLE t (x bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)", operation: "test")
            let insert = PostgresQuery("INSERT INTO t SELECT $1", [.int(1)])
            for _ in 1...2 {
                let error = await #expect(throws: PostgresError.self) {
                    _ = try await connection.run([insert, insert], operation: "test")
                }
                #expect(error?.code == .refused && error?.sqlState == "23505")
                #expect(try await connection.number("SELECT count(*) FROM t") == 0)
            }
        }
    }

    @Test func aStatementIsPreparedOnce() async throws {
        try await TestServer.withConnection { connection in
            let query = PostgresQuery("SELECT $1 + 1", [.int(1)])
            for _ in 0..<3 { _ = try await connection.run([query, query], operation: "test") }
            let names = try await connection.one(
                "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1 + 1'")
            #expect(try names.first?.int(0) == 1)
        }
    }

    /// One that can't be prepared leaves the session of use.
    @Test func wrongSQLHarmsNothingElse() async throws {
        try await TestServer.withConnection { connection in
            for _ in 0..<3 { #expect(await sqlState(of: "SELEKT 'a value'", on: connection) == "42601") }
            let one = try await connection.number("SELECT 1::bigint")
            #expect(one == 1)
        }
    }

    @Test func manyStatementsAndLargeAnswersGoBothWays() async throws {
        try await TestServer.withConnection { connection in
            let text = String(repeating: "0123456789", count: 20_000)
            let queries = (0..<40).map { _ in PostgresQuery("SELECT repeat($1, 5)", [.text(text)]) }
            let answers = try await connection.run(queries, operation: "test")
            #expect(answers.count == 40)
            for answer in answers { #expect(try answer.first?.text(0).utf8.count == 1_000_000) }
        }
    }

    @Test func cancellingTheCallerEndsTheStatement() async throws {
        try await TestServer.withConnection { connection in
            let began = ContinuousClock.now
            let sleeper = Task { await code { _ = try await connection.one("SELECT pg_sleep(60)") } }
            try await Task.sleep(for: .milliseconds(200))
            sleeper.cancel()
            #expect(await sleeper.value == .cancelled)
            #expect(ContinuousClock.now - began < .seconds(25))
            #expect(try await connection.number("SELECT 1::bigint") == 1)
        }
    }

    @Test func whatIsCancelledBeforeItBeginsDoesNotHang() async throws {
        try await TestServer.withConnection { connection in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await code { _ = try await connection.one("SELECT pg_sleep(30)") }
            }
            #expect(await task.value == .cancelled)
        }
    }

    @Test func aStatementThatTakesTooLongIsEnded() async throws {
        try await TestServer.withConnection { connection in
            let began = ContinuousClock.now
            #expect(
                await code {
                    _ = try await connection.run(
                        [PostgresQuery("SELECT pg_sleep(30)")], operation: "test", timeout: .milliseconds(100))
                } == .timedOut)
            #expect(ContinuousClock.now - began < .seconds(10))
        }
    }

    @Test func aSessionThatTheServerEndedIsLost() async throws {
        try await TestServer.withConnection { connection in
            let pid = try #require(try await connection.one("SELECT pg_backend_pid()").first).int(0)
            try await TestServer.withConnection { other in
                _ = try await other.one("SELECT pg_terminate_backend($1::int)", [.int(pid)])
            }
            let error = await #expect(throws: PostgresError.self) { _ = try await connection.one("SELECT 1") }
            #expect(error?.isTransient == true)
            #expect(!connection.isOpen)
            #expect(await code { _ = try await connection.one("SELECT 1") } == .closed)
        }
    }

    /// With calls that block cooperative threads, of which there is one for each core, not all of them could wait at once, and
    /// nobody would be left to see it.
    @Test func waitingForTheServerHoldsNoCooperativeThread() async throws {
        let count = 4 * ProcessInfo.processInfo.activeProcessorCount + 2
        let key = PostgresValue.int(.random(in: 1..<(1 << 31)))
        try await TestServer.withConnection { gate in
            _ = try await gate.one("SELECT pg_advisory_lock($1)", [key])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<count {
                    group.addTask {
                        try await TestServer.withConnection {
                            _ = try await $0.one("SELECT pg_advisory_lock_shared($1)", [key])
                        }
                    }
                }
                var waiting: Int64 = 0
                while waiting < count {
                    try await Task.sleep(for: .milliseconds(20))
                    let rows = try await gate.one(
                        """
                        SELECT count(*) FROM pg_locks
                        WHERE locktype = 'advisory' AND objid::bigint = $1 AND NOT granted
                        """, [key])
                    waiting = try rows.first?.int(0) ?? 0
                }
                _ = try await gate.one("SELECT pg_advisory_unlock($1)", [key])
                try await group.waitForAll()
            }
        }
    }

    @Test func aServerThatNeverAnswersIsGivenUp() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(listener, $0, length) == 0)
                #expect(listen(listener, 8) == 0)
                #expect(getsockname(listener, $0, &length) == 0)
            }
        }
        var given = try ConnectionTarget("postgresql://a:secret@127.0.0.1:\(UInt16(bigEndian: address.sin_port))/a")
        given.connectTimeout = .milliseconds(300)
        let target = given
        let error = await #expect(throws: PostgresError.self) {
            _ = try await PostgresConnection.open(target)
        }
        #expect(error?.code == .unreachable)
        #expect(error.map { !"\($0)".contains("secret") } == true)
    }

    @Test func aWrongPasswordIsRefusedAndNotTold() async throws {
        var parts = try #require(URLComponents(string: TestServer.url()))
        parts.password = "wrong-password"
        let target = try ConnectionTarget(try #require(parts.string))
        let error = await #expect(throws: PostgresError.self) { _ = try await PostgresConnection.open(target) }
        #expect(error?.code == .refused && error?.sqlState == "28P01")
        #expect(error?.isTransient == false)
        for word in ["wrong-password", "28P01: ", "LOCATION"] {
            #expect(error?.message.contains(word) == false, "\(error?.message ?? "")")
        }
        #expect(!"\(target)".contains("wrong-password"))
    }
}
