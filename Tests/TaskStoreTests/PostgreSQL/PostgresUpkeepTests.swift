import PostgreSQL
import TaskModel
import Testing

@testable import TaskStore

@Suite("PostgreSQL: the store looks after itself", .timeLimit(.minutes(3)))
struct PostgresUpkeepTests {
    /// Statistics reach the server's tables a moment after the transactions.
    private func dead(_ place: PostgresPlace) async throws -> Int64 {
        try await place.run("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'acode.ready'::regclass")[0]
            .first?.int(0) ?? 0
    }

    @Test func tablesFullOfDeadRowsAreCleanedAndOthersLeftAlone() async throws {
        try await PostgresPlace.with { place in
            let store = try await place.open(clock: TestClock())
            #expect(try await store.lookAfter() == StoreHealth())
            try await place.runScript(
                """
                ALTER TABLE acode.ready SET (autovacuum_enabled = false);
                INSERT INTO acode.ready SELECT 0, n, gen_random_uuid(), false, 'q', '' FROM generate_series(1, 6000) AS n;
                DELETE FROM acode.ready
                """)
            while try await dead(place) < 6000 { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try await store.lookAfter().vacuumed == ["ready"])
            while try await dead(place) > 0 { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try await store.lookAfter() == StoreHealth())
            await store.close()
        }
    }

    @Test func theOldestTransactionIsNamedOnceItIsOldEnough() async throws {
        try await PostgresPlace.with { place in
            let connection = try await PostgresConnection.open(ConnectionTarget(place.url))
            try await connection.runScript(
                "SET application_name = 'report'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1", operation: "test")
            func hindrance(_ patience: String) async throws -> [String] {
                let sql = PostgresUpkeepSQL.hindrance.replacing("60 seconds", with: patience)
                return try await place.run(sql)[0].map { row throws(PostgresError) in try row.text(0) }
            }
            #expect(try await hindrance("60 seconds").isEmpty)
            let found = try await hindrance("0 seconds")
            #expect(found.count == 1 && found[0].contains("program report, idle in transaction"), "\(found)")
            try await connection.runScript("COMMIT", operation: "test")
            #expect(try await hindrance("0 seconds").isEmpty)
            await connection.close()
        }
    }
}
