import PostgreSQL
import TaskModel
import Testing

@testable import TaskStore

@Suite("PostgreSQL: opening", .timeLimit(.minutes(1)))
struct PostgresMigrationTests {
    @Test func manyMayOpenAnEmptyDatabaseAtOnce() async throws {
        try await PostgresPlace.with { place in
            let stores = try await withThrowingTaskGroup(of: PostgresTaskStore.self) { group in
                for _ in 0..<8 { group.addTask { try await PostgresTaskStore(url: place.url) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for store in stores { _ = try await store.submit([spec()]) }
            #expect(try await stores[0].tally() == [.enqueued: 8])
            for store in stores { await store.close() }
            let rows = try await place.run("SELECT count(*) FROM acode.migration")
            #expect(try rows[0].first?.int(0) == Int64(PostgresSchema.version))
        }
    }

    @Test func aNewerDatabaseIsRefusedAndLeftAlone() async throws {
        try await PostgresPlace.with { place in
            await (try PostgresTaskStore(url: place.url)).close()
            try await place.run("INSERT INTO acode.migration VALUES (99, now())")
            #expect(await failureCode { _ = try await PostgresTaskStore(url: place.url) } == .newerSchema)
        }
    }

    /// Else an old program that is started by mistake would take it for new.
    @Test func aMigrationThatFailsLeavesNothing() async throws {
        try await PostgresPlace.with { place in
            try await place.runScript("CREATE SCHEMA acode; CREATE TABLE acode.supervisor (mine int)")
            #expect(await failureCode { _ = try await PostgresTaskStore(url: place.url) } == .internal)
            let rows = try await place.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'acode'")
            #expect(try rows[0].first?.int(0) == 1)
        }
    }

    @Test func noErrorTellsThePassword() async throws {
        let secret = "hunter2-öé"
        for url in [
            "postgresql://acode:\(secret)@127.0.0.1:1/acode", "postgresql://acode:\(secret)@127.0.0.1:x/acode",
            "postgresql://acode:\(secret)@[::1/acode", "host=127.0.0.1 port=1 password=\(secret) user=nobody",
            "password=\(secret) nonsense=1",
        ] {
            let error = await #expect(throws: StoreError.self) { _ = try await PostgresTaskStore(url: url) }
            #expect(error.map { !"\($0)".contains("hunter2") } == true, "\(String(describing: error))")
        }
    }

    @Test func aServerThatIsNotThereIsUnavailable() async throws {
        let url = "postgresql://acode@127.0.0.1:1/acode"
        #expect(await failureCode { _ = try await PostgresTaskStore(url: url) } == .unavailable)
    }
}
