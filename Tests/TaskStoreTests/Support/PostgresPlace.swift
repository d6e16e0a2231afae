import Foundation
import PostgreSQL
import TaskStore

/// A database of its own on the server that `scripts/engines` starts.
struct PostgresPlace: StorePlace {
    /// There is no server: a failure and not a reason to skip.
    struct NoServer: Error, CustomStringConvertible {
        let description = "ACODE_TEST_POSTGRES is not set: eval \"$(scripts/engines env)\""
    }

    let name: String
    private let server: String
    private let pooler: String?
    private let pass: Turnstile.Pass
    private static let turnstile = Turnstile(places: 32)

    /// Makes a database, `options` as SQL has them. Stores reach it through a pgbouncer, which hands sessions out by the
    /// transaction, when wanted.
    init(behindPooler isPooled: Bool = false, options: String = "") async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let server = environment["ACODE_TEST_POSTGRES"] else { throw NoServer() }
        guard let pooler = environment["ACODE_TEST_PGBOUNCER"] else { throw NoServer() }
        self.server = server
        self.pooler = isPooled ? pooler : nil
        pass = await Self.turnstile.enter()
        name = "t" + UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
        try await onServer("CREATE DATABASE \(name) \(options)")
    }

    /// The URL of the database.
    var url: String {
        url(on: server)
    }

    private func url(on server: String) -> String {
        var parts = URLComponents(string: server)
        parts?.path = "/\(name)"
        return parts?.string ?? server
    }

    func open(clock: TestClock) async throws -> any TaskStore {
        var options = PostgresTaskStore.Options()
        options.clock = clock
        // On a machine that is busy with everything else a server may take long to answer.
        let patience = "?connect_timeout=60"
        options.listenURL = url + patience
        return try await PostgresTaskStore(url: url(on: pooler ?? server) + patience, options: options)
    }

    func remove() async { try? await onServer("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }

    /// Runs SQL in the database, as an administrator would.
    @discardableResult
    func run(_ sql: String) async throws -> [PostgresRows] {
        let connection = try await PostgresConnection.open(ConnectionTarget(url))
        defer { Task { await connection.close() } }
        return try await connection.run([PostgresQuery(sql)], operation: "test")
    }

    /// Runs several statements in the database.
    func runScript(_ sql: String) async throws {
        let connection = try await PostgresConnection.open(ConnectionTarget(url))
        defer { Task { await connection.close() } }
        try await connection.runScript(sql, operation: "test", timeout: .seconds(50))
    }

    /// Returns once so many statements in the database wait for locks.
    func waitForBlocked(_ count: Int64) async throws {
        let look = """
            SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        while try await run(look)[0].first?.int(0) != count { try await Task.sleep(for: .milliseconds(5)) }
    }

    private func onServer(_ sql: String) async throws {
        let connection = try await PostgresConnection.open(ConnectionTarget(server))
        defer { Task { await connection.close() } }
        try await connection.runScript(sql, operation: "test", timeout: .seconds(50))
    }

    /// Runs `body` with a place of its own, and removes it.
    static func with(options: String = "", _ body: (PostgresPlace) async throws -> Void) async throws {
        let place = try await PostgresPlace(options: options)
        do { try await body(place) } catch {
            await place.remove()
            throw error
        }
        await place.remove()
    }
}
