internal import Foundation

/// A PostgreSQL database of a test's own, on the server that `scripts/engines` starts or on another.
package struct TestDatabase: Sendable {
    /// There is no server: a failure and not a reason to skip.
    package struct NoServer: Error, CustomStringConvertible {
        package let description =
            "ACODE_TEST_POSTGRES is not set. Run: scripts/engines start postgres && "
            + "eval \"$(scripts/engines env)\""
    }

    /// Whether fixtures keep their tasks in PostgreSQL.
    @TaskLocal package static var isFixturesStore = false

    /// Its name, which is nobody else's, and neither are names of roles that begin with it.
    package let name: String
    private let server: String

    /// Makes a database while `body` runs, and removes it with the roles that begin with its name.
    ///
    /// - Parameter server: the URL of its server's administrator; `nil` is the server of all tests.
    package static func with<Value: Sendable>(
        server: String? = nil, _ body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        guard let server = server ?? ProcessInfo.processInfo.environment["ACODE_TEST_POSTGRES"] else {
            throw NoServer()
        }
        let database = TestDatabase(name: "t\(UInt64.random(in: 0...(.max)))", server: server)
        try await database.sql("CREATE DATABASE \(database.name)", in: server)
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(database)) } catch { outcome = .failure(error) }
        try await database.sql("DROP DATABASE IF EXISTS \(database.name) WITH (FORCE)", in: server)
        let roles = try await database.sql(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, '\(database.name)')", in: server)
        for role in roles { try await database.sql("DROP ROLE \(role)", in: server) }
        return try outcome.get()
    }

    /// Its URL, of the server's administrator.
    package var url: String { url(user: nil, password: nil) }

    /// Its URL by way of the server's Unix socket, for programs in another network.
    package func socketURL() throws -> String {
        guard let directory = ProcessInfo.processInfo.environment["ACODE_ENGINES_DIR"] else { throw NoServer() }
        var parts = URLComponents(string: url)
        parts?.host = ""
        parts?.port = nil
        let port = place.port
        parts?.queryItems = [
            URLQueryItem(name: "host", value: "\(directory)/postgres/run"), URLQueryItem(name: "port", value: port),
        ]
        return parts?.string ?? url
    }

    /// The server's Unix socket, for programs in another network.
    package func socketPath() throws -> String {
        guard let directory = ProcessInfo.processInfo.environment["ACODE_ENGINES_DIR"] else { throw NoServer() }
        return "\(directory)/postgres/run/.s.PGSQL.\(place.port)"
    }

    /// Its URL at another address of the server, with further options of libpq.
    package func url(at host: String, _ port: Int, _ options: String = "") -> String {
        var parts = URLComponents(string: url)
        parts?.host = host
        parts?.port = port
        parts?.query = options.isEmpty ? nil : options
        return parts?.string ?? url
    }

    /// Its URL by way of the pgbouncer in front of the server.
    package func pooledURL() throws -> String {
        guard let pooler = ProcessInfo.processInfo.environment["ACODE_TEST_PGBOUNCER"] else { throw NoServer() }
        var parts = URLComponents(string: pooler)
        parts?.path = "/\(name)"
        return parts?.string ?? pooler
    }

    /// Its URL, of a role made with `role`.
    package func url(role: String) -> String { url(user: "\(name)_\(role)", password: Self.password) }

    /// The password of roles.
    package static let password = "s3cret-of-roles"

    /// Where it is, as libpq's variables say it.
    package var place: (host: String, port: String, user: String, password: String) {
        let parts = URLComponents(string: server)
        return (parts?.host ?? "", parts?.port.map(String.init) ?? "", parts?.user ?? "", parts?.password ?? "")
    }

    private func url(user: String?, password: String?) -> String {
        var parts = URLComponents(string: server)
        parts?.path = "/\(name)"
        if let user {
            parts?.user = user
            parts?.password = password
        }
        return parts?.string ?? server
    }

    /// Makes a role that can log in, and returns its whole name.
    package func role(_ name: String) async throws -> String {
        let role = "\(self.name)_\(name)"
        try await sql("CREATE ROLE \(role) LOGIN PASSWORD '\(Self.password)'")
        return role
    }

    /// Runs SQL as the administrator, and returns a line a row.
    @discardableResult
    package func sql(_ text: String) async throws -> [String] { try await sql(text, in: url) }

    @discardableResult
    private func sql(_ text: String, in url: String) async throws -> [String] {
        try await ChildProcess.tool(
            ProcessPlan("/usr/bin/psql", ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", text]),
            within: .seconds(30)
        ).lines
    }
}
