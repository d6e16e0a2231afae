internal import Foundation
internal import PostgreSQL

/// What a database says of itself.
package struct PostgresReport: Sendable, Equatable {
    /// Where it is, without credentials.
    package var target: String
    /// Such as `15.6`.
    package var serverVersion: String
    /// Such as 150006.
    package var serverVersionNumber: Int
    /// How it keeps text: anything but `PostgresEncoding.wanted` is of no use.
    package var encoding: String
    /// As whom.
    package var user: String
    /// Whether nothing can be written to it.
    package var isReadOnly: Bool
    /// The version of the tables; 0 when there are none.
    package var schemaVersion: Int
    /// What the user may not do and should, as in `INSERT on acode.lease`.
    package var missingRights: [String]
    /// Whether the user may make tables: to migrate, not to run tasks.
    package var mayMigrate: Bool
    /// How far its clock is ahead of this machine's, in seconds.
    package var clockSkew: Double
    /// How long it takes to ask it something, in seconds.
    package var roundTrip: Double

    /// The oldest that this program works with.
    package static let oldestServer = 130_000
}

/// Asks a database what it is. Changes nothing.
struct PostgresInspection {
    let pool: ConnectionPool
    private let operation = "look at the database"

    init(_ pool: ConnectionPool) { self.pool = pool }

    func run() async throws -> PostgresReport {
        let facts = try await rows(
            """
            SELECT current_setting('server_version'), current_setting('server_version_num')::bigint, current_user::text,
                pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
                CASE WHEN to_regnamespace('acode') IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                    ELSE has_schema_privilege('acode', 'CREATE') END,
                EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('acode') AND relname = 'migration'),
                \(PostgresEncoding.sql)
            """)
        guard let row = facts.first else { throw StoreError(.corrupt, "the server said nothing", operation: operation) }
        let rights = try await missingRights()
        let isHidden = !rights.isDisjoint(with: ["USAGE on schema acode", "SELECT on acode.migration"])
        let hasTables = try row.bool(5) && !isHidden
        let version = hasTables ? try await schemaVersion() : 0
        let asked = Date()
        let clock = try await rows("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        let answered = Date()
        let middle = asked.addingTimeInterval(answered.timeIntervalSince(asked) / 2).timeIntervalSince1970
        return PostgresReport(
            target: pool.place, serverVersion: try row.text(0), serverVersionNumber: Int(try row.int(1)),
            encoding: try row.text(6), user: try row.text(2), isReadOnly: try row.bool(3), schemaVersion: version,
            missingRights: rights.sorted(),
            mayMigrate: try row.bool(4), clockSkew: Double(try clock.first?.int(0) ?? 0) / 1000 - middle,
            roundTrip: answered.timeIntervalSince(asked))
    }

    private func schemaVersion() async throws -> Int {
        let rows = try await self.rows("SELECT coalesce(max(version), 0)::bigint FROM acode.migration")
        return Int(try rows.first?.int(0) ?? 0)
    }

    /// Nothing when there are no tables.
    private func missingRights() async throws -> Set<String> {
        let rows = try await self.rows(
            """
            SELECT 'USAGE on schema acode' FROM pg_namespace
            WHERE nspname = 'acode' AND NOT has_schema_privilege(oid, 'USAGE')
            UNION ALL
            SELECT need.name || ' on acode.' || c.relname
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS need (name)
            WHERE n.nspname = 'acode' AND c.relkind IN ('r', 'p', 'v') AND NOT has_table_privilege(c.oid, need.name)
                AND (c.relname <> 'migration' AND c.relkind <> 'v' OR need.name = 'SELECT')
            UNION ALL
            SELECT 'USAGE on acode.' || c.relname
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'acode' AND c.relkind = 'S'
                -- In an order that the planner may not change: it is an error to ask this of another thing.
                AND NOT CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE') END
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'i')
            """)
        return Set(try rows.map { row throws(PostgresError) in try row.text(0) })
    }

    private func rows(_ sql: String) async throws -> PostgresRows {
        try await pool.run([PostgresQuery(sql)], operation: operation)[0]
    }
}
