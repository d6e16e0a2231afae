internal import PostgreSQL

/// A database as those see it who set it up: its tables are made and handed out here, and nowhere else.
package struct PostgresDatabase: Sendable {
    /// What a role may do.
    package enum Access: Sendable {
        /// Everything but changing tables: for supervisors and for people who submit and cancel tasks.
        case use
        /// Look at everything.
        case read
    }

    private let url: String

    /// Names a database as libpq reads it; connects to nothing yet.
    package init(url: String) { self.url = url }

    /// The version of the tables that this program works with.
    package static var version: Int { PostgresSchema.version }

    /// Makes missing tables and brings old ones up to date, in one transaction, and lets roles use them, also those
    /// that later migrations of the same user make. Any number may do it at once.
    ///
    /// - Returns: the version there was; 0 for none.
    /// - Throws: `newer_schema`, `permission_denied`, `unavailable` and others.
    package func migrate(granting roles: [(role: String, access: Access)] = []) async throws(StoreError) -> Int {
        try await withPool("migrate the database") { pool in
            let found = try await PostgresMigration(pool).run()
            if !roles.isEmpty {
                try await pool.withConnection("grant rights") { connection throws(PostgresError) in
                    try await connection.runScript(
                        PostgresGrants.script(roles), operation: "grant rights", timeout: .seconds(60))
                }
            }
            return found
        }
    }

    /// Looks at the database and changes nothing.
    ///
    /// - Throws: when it can't be reached.
    package func inspect() async throws(StoreError) -> PostgresReport {
        try await withPool("look at the database") { pool in try await PostgresInspection(pool).run() }
    }

    private func withPool<Value: Sendable>(
        _ operation: String, _ body: (ConnectionPool) async throws -> Value
    ) async throws(StoreError) -> Value {
        var options = ConnectionPool.Options()
        options.connections = 1
        do {
            let pool = ConnectionPool(try ConnectionTarget(url), options: options)
            do {
                let value = try await body(pool)
                await pool.close()
                return value
            } catch {
                await pool.close()
                throw error
            }
        } catch {
            throw (error as? PostgresError).map { StoreError($0) } ?? error as? StoreError
                ?? StoreError(.internal, "unexpected error of type \(type(of: error))", operation: operation)
        }
    }
}

/// What roles are granted. Pure.
enum PostgresGrants {
    static func script(_ roles: [(role: String, access: PostgresDatabase.Access)]) -> String {
        let grants = roles.map { role, access in
            let name = quoted(role)
            switch access {
            case .read:
                return """
                    GRANT USAGE ON SCHEMA acode TO \(name); GRANT SELECT ON ALL TABLES IN SCHEMA acode TO \(name);
                    ALTER DEFAULT PRIVILEGES IN SCHEMA acode GRANT SELECT ON TABLES TO \(name);
                    """
            case .use:
                return """
                    GRANT USAGE ON SCHEMA acode TO \(name);
                    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA acode TO \(name);
                    REVOKE INSERT, UPDATE, DELETE ON acode.migration FROM \(name);
                    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA acode TO \(name);
                    ALTER DEFAULT PRIVILEGES IN SCHEMA acode GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO \(name);
                    ALTER DEFAULT PRIVILEGES IN SCHEMA acode GRANT USAGE, SELECT ON SEQUENCES TO \(name);
                    """
            }
        }
        return "BEGIN;\n\(grants.joined(separator: "\n"))\nCOMMIT"
    }

    /// A name as SQL quotes it.
    static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }
}
