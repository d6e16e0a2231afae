import Foundation
import Glibc
import PostgreSQL
import TestSupport
import Testing

@Suite("PostgreSQL: connecting", .timeLimit(.minutes(3)))
struct ConnectingTests {
    private func parts() throws -> (user: String, password: String, port: Int) {
        let parts = try #require(URLComponents(string: TestServer.url()))
        return (try #require(parts.user), try #require(parts.password), try #require(parts.port))
    }

    private func error(_ text: String, limit: Duration = .seconds(10)) async -> PostgresError? {
        do {
            var target = try ConnectionTarget(text)
            target.connectTimeout = limit
            let connection = try await PostgresConnection.open(target, timeout: .seconds(50))
            await connection.close()
            return nil
        } catch { return error }
    }

    /// The first accepts and never answers, the second is not there, the third is the server.
    @Test func theNextHostIsTriedAfterATimeOut() async throws {
        let silent = try TCPServer { $0.waitForEnd() }
        defer { silent.stop() }
        let (user, password, port) = try parts()
        var target = try ConnectionTarget(
            "postgresql://\(user):\(password)@127.0.0.1:\(silent.port),127.0.0.1:1,localhost:\(port)/acode")
        target.connectTimeout = .seconds(2)
        let began = ContinuousClock.now
        let connection = try await PostgresConnection.open(target)
        #expect(try await connection.number("SELECT 1::bigint") == 1)
        #expect(.now - began > .seconds(2))
        await connection.close()
        #expect(silent.connectionCount == 1)
    }

    @Test func whatEveryHostSaysIsTold() async throws {
        let silent = try TCPServer { $0.waitForEnd() }
        defer { silent.stop() }
        let failure = await error(
            "host=127.0.0.1,127.0.0.1,no-such-host.invalid port=1,\(silent.port),5 user=a password=hunter2 dbname=a",
            limit: .milliseconds(300))
        #expect(failure?.code == .unreachable)
        for word in ["refused", "127.0.0.1 port \(silent.port) did not answer in time", "no-such-host.invalid"] {
            #expect(failure?.message.contains(word) == true, "\(failure?.message ?? "")")
        }
        #expect(failure?.message.contains("hunter2") == false)
    }

    /// As with libpq itself: the others would say the same, and a wrong password is not to be tried all over the place.
    /// A server that answers so isn't gone either.
    @Test(arguments: [
        ("password=hunter2", "acode", "28P01"), ("passfile=/nonexistent", "acode", "28P01"),
        ("", "no-such-db", "3D000"),
    ])
    func whoIsNotWantedByOneHostIsNotByTheOthers(login: String, database: String, sqlState: String) async throws {
        let (user, password, port) = try parts()
        let others = try TCPServer { $0.waitForEnd() }
        defer { others.stop() }
        let target = try ConnectionTarget(
            "host=127.0.0.1,127.0.0.1 port=\(port),\(others.port) user=\(user) dbname=\(database) "
                + (login.isEmpty ? "password=\(password)" : login))
        var options = ConnectionPool.Options()
        options.breaker.failures = 1
        let pool = ConnectionPool(target, options: options)
        for _ in 1...2 {
            let error = await #expect(throws: PostgresError.self) {
                _ = try await pool.run([PostgresQuery("SELECT 1")], operation: "test")
            }
            #expect(error?.code == .refused && error?.sqlState == sqlState)
        }
        #expect(pool.breaker.phase == .closed && others.connectionCount == 0)
        await pool.close()
    }

    @Test func cancellingTheCallerEndsConnecting() async throws {
        let silent = try TCPServer { $0.waitForEnd() }
        defer { silent.stop() }
        let began = ContinuousClock.now
        let caller = Task { await error("host=127.0.0.1 port=\(silent.port) user=a dbname=a", limit: .seconds(50)) }
        try await eventually("a connection") { silent.connectionCount == 1 }
        caller.cancel()
        #expect(await caller.value?.code == .cancelled)
        #expect(.now - began < .seconds(40))
    }

    @Test func aStandbyIsNotTakenUnlessItIsWanted() async throws {
        let (user, password, port) = try parts()
        let place = "host=127.0.0.1 port=\(port) user=\(user) password=\(password) dbname=acode"
        let readOnly = place + " options='-c default_transaction_read_only=on'"
        let refusal = await error(readOnly)
        #expect(refusal?.message.contains("read-only") == true, "\(refusal?.message ?? "")")
        #expect(await error(readOnly + " target_session_attrs=any") == nil)
        #expect(await error(place) == nil)
    }

    @Test func thePasswordFileIsReadAlsoForAHostWithAnAddress() async throws {
        let (user, password, port) = try parts()
        let file = NSTemporaryDirectory() + "/pass-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let place = "port=\(port) user=\(user) dbname=acode passfile=\(file)"
        for (said, host) in [
            ("localhost", "localhost"), ("127.0.0.1", "127.0.0.1"), ("name", "name hostaddr=127.0.0.1"),
        ] {
            try Data("\(said):\(port):*:\(user):\(password)\n".utf8).write(to: URL(fileURLWithPath: file))
            #expect(chmod(file, 0o600) == 0)
            #expect(await error("host=\(host) \(place)") == nil, "\(host)")
        }
        try Data("*:*:*:*:wrong-password\n".utf8).write(to: URL(fileURLWithPath: file))
        let failure = await error("host=127.0.0.1 \(place)")
        #expect(failure?.code == .refused)
        #expect(failure.map { !"\($0)".contains("wrong-password") } == true)
    }

    /// In a process of its own, because the environment is everybody's.
    @Test func variablesAndServiceFilesAreReadAsLibpqReadsThem() async throws {
        await #expect(processExitsWith: .success) {
            let parts = try #require(URLComponents(string: TestServer.url()))
            let (user, password, port) = (parts.user ?? "", parts.password ?? "", "\(parts.port ?? 0)")
            let file = NSTemporaryDirectory() + "/service-\(UUID().uuidString)"
            defer { unlink(file) }
            try Data("[queue]\nhost=127.0.0.1\nport=\(port)\nuser=\(user)\ndbname=acode\n".utf8)
                .write(to: URL(fileURLWithPath: file))
            func name(_ text: String) async throws -> String? {
                let connection = try await PostgresConnection.open(ConnectionTarget(text))
                let rows = try await connection.one("SELECT current_setting('application_name')")
                await connection.close()
                return try rows.first?.text(0)
            }
            setenv("PGSERVICEFILE", file, 1)
            setenv("PGPASSWORD", password, 1)
            #expect(try await name("service=queue") == "acode")
            setenv("PGAPPNAME", "from a variable", 1)
            #expect(try await name("service=queue") == "from a variable")
            setenv("PGSERVICE", "queue", 1)
            #expect(try await name("application_name=mine") == "mine")
            unsetenv("PGSERVICE")
            for (variable, value) in [
                ("PGHOST", "127.0.0.1"), ("PGPORT", port), ("PGUSER", user), ("PGDATABASE", "acode"),
            ] {
                setenv(variable, value, 1)
            }
            #expect(try await name("") == "from a variable")
            setenv("PGHOST", "127.0.0.1,127.0.0.1", 1)
            setenv("PGPORT", "1,\(port)", 1)
            #expect(try await name("postgresql://") == "from a variable")
            setenv("PGPASSWORD", "wrong-password", 1)
            let error = await #expect(throws: PostgresError.self) { _ = try await name("") }
            #expect(error.map { !"\($0)".contains("wrong-password") } == true)
        }
    }

    // MARK: TLS

    private func tls(_ mode: String, authority: String = "ca.crt", host: String = "localhost") throws -> String {
        let (user, password, port) = try parts()
        let known = try #require(ProcessInfo.processInfo.environment["ACODE_TEST_POSTGRES_CA"])
        let file = (known as NSString).deletingLastPathComponent + "/" + authority
        return "host=\(host) hostaddr=127.0.0.1 port=\(port) user=\(user) password=\(password) dbname=acode "
            + "sslmode=\(mode) sslrootcert=\(file)"
    }

    @Test(arguments: ["require", "verify-ca", "verify-full"])
    func theRightAuthorityIsBelieved(mode: String) async throws {
        let connection = try await PostgresConnection.open(ConnectionTarget(tls(mode)))
        let rows = try await connection.one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        #expect(try rows.first?.bool(0) == true)
        // Large answers and many statements go through TLS, too.
        let large = try await connection.one("SELECT repeat('x', 3000000)")
        #expect(try large.first?.text(0).utf8.count == 3_000_000)
        await connection.close()
    }

    @Test func wrongAuthoritiesAndNamesAreRefused() async throws {
        for (mode, authority, host) in [
            ("verify-full", "other-ca.crt", "localhost"), ("verify-ca", "other-ca.crt", "localhost"),
            ("verify-full", "ca.crt", "another.example"),
        ] {
            let failure = await error(try tls(mode, authority: authority, host: host))
            #expect(failure?.code == .unreachable, "\(mode) \(authority) \(host)")
            #expect(failure?.message.contains(try parts().password) == false)
        }
        #expect(await error(try tls("verify-ca", host: "another.example")) == nil)
    }

    /// A server that says it has no TLS hears nothing more from who requires it, least of all a password.
    @Test(arguments: ["require", "verify-full"])
    func nothingIsSaidWithoutTLSWhenItIsRequired(mode: String) async throws {
        let heard = Heard()
        let plain = try TCPServer { client in
            heard.add(client.read(upTo: 8))
            client.write("N")
            heard.add(client.readToEnd())
        }
        defer { plain.stop() }
        let failure = await error(
            "host=127.0.0.1 port=\(plain.port) user=someone password=hunter2 dbname=a sslmode=\(mode) "
                + "sslrootcert=\(try #require(ProcessInfo.processInfo.environment["ACODE_TEST_POSTGRES_CA"]))")
        #expect(failure?.code == .unreachable)
        try await eventually("the end") { heard.pieces.count == 2 }
        // A length of 8, and the code that asks for TLS.
        #expect(heard.pieces.flatMap(\.self) == [0, 0, 0, 8, 4, 210, 22, 47])
    }
}
