internal import PostgreSQL

/// Brings a database up to the schema of this program, in one transaction under an advisory lock, so that any number of
/// supervisors may do it at once.
struct PostgresMigration {
    let pool: ConnectionPool
    /// Each brings a database from the version of its index to the next.
    let steps: [String]
    private let operation = "open the task store"

    init(_ pool: ConnectionPool, steps: [String] = PostgresSchema.migrations) {
        self.pool = pool
        self.steps = steps
    }

    /// The version of the database: 0 for one without our tables. Throws `not_a_database` for one that can't have them.
    func version() async throws -> Int {
        let there = try await pool.run(
            [PostgresQuery("SELECT to_regclass('acode.migration') IS NOT NULL, \(PostgresEncoding.sql)")],
            operation: operation)
        try check(encoding: try there[0].first?.text(1))
        guard try there[0].first?.bool(0) == true else { return 0 }
        let rows = try await pool.run(
            [PostgresQuery("SELECT coalesce(max(version), 0) FROM acode.migration")], operation: operation)
        return Int(try rows[0].first?.int(0) ?? 0)
    }

    /// Migrates what is old; returns the version there was. Throws `newer_schema` for what a newer program wrote, and
    /// changes nothing then.
    func run() async throws -> Int {
        let found = try await version()
        try check(found)
        guard found < steps.count else { return found }
        return try await migrate()
    }

    /// Changes nothing, in one round trip. Throws `missing_schema` for what is missing or old, `newer_schema` as `run` does.
    func require() async throws {
        var found = 0
        var encoding: String?
        do throws(PostgresError) {
            let rows = try await pool.run(
                [PostgresQuery("SELECT coalesce(max(version), 0), \(PostgresEncoding.sql) FROM acode.migration")],
                operation: operation)
            found = Int(try rows[0].first?.int(0) ?? 0)
            encoding = try rows[0].first?.text(1)
        } catch {
            // No such table, no such schema.
            guard ["42P01", "3F000"].contains(error.sqlState) else { throw error }
        }
        try check(encoding: encoding)
        try check(found)
        guard found < steps.count else { return }
        throw StoreError(
            .missingSchema,
            found == 0
                ? "the database has no tables of acode"
                : "the database has schema version \(found), this program needs \(steps.count)",
            operation: operation, hint: "run `acode db migrate` once, as a user who may make tables")
    }

    private func check(encoding: String?) throws(StoreError) {
        guard let encoding, encoding != PostgresEncoding.wanted else { return }
        throw StoreError(
            .notADatabase, "the database keeps text as \(encoding), in which not every text of a task can be kept",
            operation: operation, hint: PostgresEncoding.hint)
    }

    private func check(_ found: Int) throws(StoreError) {
        guard found > steps.count else { return }
        throw StoreError(
            .newerSchema, "the database has schema version \(found), this program knows \(steps.count)",
            operation: operation, hint: "use the newer version of this program")
    }

    /// The version is read again under the lock. The whole is one transaction of one session.
    private func migrate() async throws -> Int {
        try await pool.withConnection(operation) { connection throws(PostgresError) in
            try await connection.runScript(
                """
                BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
                SELECT pg_advisory_xact_lock(\(PostgresSchema.lock));
                -- With IF NOT EXISTS the right to make schemas would be wanted also when there is one.
                DO $$ BEGIN IF to_regnamespace('acode') IS NULL THEN CREATE SCHEMA acode; END IF; END $$;
                CREATE TABLE IF NOT EXISTS acode.migration (version bigint PRIMARY KEY, at timestamptz NOT NULL)
                """, operation: operation, timeout: .seconds(60))
            do throws(PostgresError) {
                let rows = try await connection.run(
                    [PostgresQuery("SELECT coalesce(max(version), 0) FROM acode.migration")], operation: operation)
                let found = Int(try rows[0].first?.int(0) ?? 0)
                let missing = steps.enumerated().dropFirst(found).map { index, sql in
                    sql + "; INSERT INTO acode.migration VALUES (\(index + 1), clock_timestamp());"
                }
                try await connection.runScript(
                    missing.joined(separator: "\n") + "COMMIT", operation: operation, timeout: .seconds(600))
                return found
            } catch {
                try? await connection.runScript("ROLLBACK", operation: operation)
                throw error
            }
        }
    }
}

/// How the text of a database has to be encoded.
package enum PostgresEncoding {
    /// What the server calls the one that any text can be kept in.
    package static let wanted = "UTF8"
    /// What to do about another.
    package static let hint = "make the database with ENCODING 'UTF8' TEMPLATE template0"
    /// That of the database one is connected to.
    static let sql = "current_setting('server_encoding')"
}
