import PostgreSQL
import Testing

@testable import TaskStore

@Suite("PostgreSQL: sessions", .timeLimit(.minutes(3)))
struct PostgresSessionTests {
    /// Who waited for a lock has to see what those did who had it, whatever the database says.
    @Test func eachStatementSeesWhatWasDoneBeforeIt() async throws {
        try await PostgresPlace.with { place in
            try await place.runScript(
                """
                DO $$ BEGIN
                    EXECUTE format(
                        'ALTER DATABASE %I SET default_transaction_isolation = ''repeatable read''', current_database());
                END $$
                """)
            let store = try await PostgresTaskStore(url: place.url)
            let rows = try await store.run(PostgresQuery("SHOW transaction_isolation"), "test")
            #expect(try rows.first?.text(0) == "read committed")
            await store.close()
        }
    }
}
