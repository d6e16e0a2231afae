internal import PostgreSQL

extension PostgresTaskStore {
    package func lookAfter() async throws(StoreError) -> StoreHealth {
        var health = StoreHealth()
        let dead = try await read(PostgresQuery(PostgresUpkeepSQL.dead), "look after the task store") {
            row throws(PostgresError) in (table: try row.text(0), isOurs: try row.bool(1))
        }
        for (table, isOurs) in dead {
            guard isOurs else {
                health.neglected.append(table)
                continue
            }
            try await vacuum(table)
            // Also when it was skipped: there is much to do, and that is why somebody else was at it.
            health.vacuumed.append(table)
        }
        health.hindrance = try await read(PostgresQuery(PostgresUpkeepSQL.hindrance), "look after the task store") {
            row throws(PostgresError) in
            StoreHealth.Hindrance(what: try row.text(0), age: .seconds(try row.int(1)))
        }.first
        return health
    }

    /// Not inside a transaction. Skips a table that somebody else is just cleaning, and gives nothing back to the file system,
    /// because that would lock everybody out.
    private func vacuum(_ table: String) async throws(StoreError) {
        do throws(PostgresError) {
            try await pool.withConnection("look after the task store") { connection throws(PostgresError) in
                try await connection.runScript(
                    "VACUUM (SKIP_LOCKED, TRUNCATE false) acode.\(table)", operation: "look after the task store")
            }
        } catch {
            throw StoreError(error)
        }
    }
}

/// The statements by which a store looks after itself.
enum PostgresUpkeepSQL {
    /// The tables whose rows come and go. They stay small, so that cleaning one takes milliseconds, but a queue that is busy
    /// wears them out in seconds, and the server's own cleaner comes once a minute.
    private static let tables = ["ready", "scheduled", "lease", "count_delta", "change", "parked"]
    /// Dead rows that are worth it.
    private static let enough = 5000
    /// Seconds after which something that keeps old versions of rows is worth telling.
    private static let patience = 60

    static let dead = """
        SELECT s.relname::text, pg_has_role(c.relowner, 'USAGE') FROM pg_stat_user_tables s
        JOIN pg_class c ON c.oid = s.relid
        WHERE s.schemaname = 'acode' AND s.relname IN (\(tables.map { "'\($0)'" }.joined(separator: ", ")))
            AND s.n_dead_tup > \(enough) ORDER BY s.n_dead_tup DESC
        """

    /// Of sessions of other users the server may not tell how old they are.
    static let hindrance = """
        SELECT what, floor(extract(epoch FROM clock_timestamp() - since))::bigint FROM (
            SELECT 'the transaction of process ' || pid || ' (user ' || coalesce(usename::text, '-') || ', program '
                || coalesce(nullif(application_name, ''), '-') || ', ' || coalesce(state, '-') || ')' AS what,
                xact_start AS since
            FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND backend_type = 'client backend'
                AND pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
            UNION ALL
            SELECT 'the prepared transaction ' || gid, prepared FROM pg_prepared_xacts
            WHERE database = current_database()) AS old
        WHERE since < clock_timestamp() - interval '\(patience) seconds' ORDER BY since LIMIT 1
        """
}
