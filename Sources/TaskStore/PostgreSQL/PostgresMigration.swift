internal import PostgreSQL

/// Brings a database up to the schema of this program, in one transaction under an advisory lock, so that any number of
/// supervisors may do it at once.
struct PostgresMigration {
    let pool: ConnectionPool
    private let operation = "open the task store"

    init(_ pool: ConnectionPool) { self.pool = pool }

    /// The version of the database: 0 for one without our tables.
    func version() async throws -> Int {
        let there = try await pool.run(
            [PostgresQuery("SELECT to_regclass('acode.migration') IS NOT NULL")], operation: operation)
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
        guard found < PostgresSchema.version else { return found }
        return try await migrate()
    }

    /// Changes nothing, in one round trip. Throws `missing_schema` for what is missing or old, `newer_schema` as `run` does.
    func require() async throws {
        var found = 0
        do throws(PostgresError) {
            let rows = try await pool.run(
                [PostgresQuery("SELECT coalesce(max(version), 0) FROM acode.migration")], operation: operation)
            found = Int(try rows[0].first?.int(0) ?? 0)
        } catch {
            // No such table, no such schema.
            guard ["42P01", "3F000"].contains(error.sqlState) else { throw error }
        }
        try check(found)
        guard found < PostgresSchema.version else { return }
        throw StoreError(
            .missingSchema,
            found == 0
                ? "the database has no tables of acode"
                : "the database has schema version \(found), this program needs \(PostgresSchema.version)",
            operation: operation, hint: "run `acode db migrate` once, as a user who may make tables")
    }

    private func check(_ found: Int) throws(StoreError) {
        guard found > PostgresSchema.version else { return }
        throw StoreError(
            .newerSchema, "the database has schema version \(found), this program knows \(PostgresSchema.version)",
            operation: operation, hint: "use the newer version of this program")
    }

    /// The version is read again under the lock. The whole is one transaction of one session.
    private func migrate() async throws -> Int {
        try await pool.withConnection(operation) { connection throws(PostgresError) in
            try await connection.runScript(
                """
                BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
                SELECT pg_advisory_xact_lock(\(PostgresSchema.lock)); CREATE SCHEMA IF NOT EXISTS acode;
                CREATE TABLE IF NOT EXISTS acode.migration (version bigint PRIMARY KEY, at timestamptz NOT NULL)
                """, operation: operation, timeout: .seconds(60))
            do throws(PostgresError) {
                let rows = try await connection.run(
                    [PostgresQuery("SELECT coalesce(max(version), 0) FROM acode.migration")], operation: operation)
                let found = Int(try rows[0].first?.int(0) ?? 0)
                let missing = PostgresSchema.migrations.enumerated().dropFirst(found)
                let steps = missing.map { index, sql in
                    sql + "; INSERT INTO acode.migration VALUES (\(index + 1), clock_timestamp());"
                }
                try await connection.runScript(
                    steps.joined(separator: "\n") + "COMMIT", operation: operation, timeout: .seconds(600))
                return found
            } catch {
                try? await connection.runScript("ROLLBACK", operation: operation)
                throw error
            }
        }
    }
}
