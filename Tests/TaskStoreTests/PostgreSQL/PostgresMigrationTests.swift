import Foundation
import PostgreSQL
import TaskModel
import Testing

@testable import TaskStore

@Suite("PostgreSQL: opening", .timeLimit(.minutes(3)))
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

    /// Runs `body` with a database of this version that has a task, and a pool for those who bring it further.
    private func withOlder(
        _ body: (PostgresPlace, TaskID, ConnectionPool) async throws -> Void
    ) async throws {
        try await PostgresPlace.with { place in
            let store = try await PostgresTaskStore(url: place.url)
            let id = try await store.submit([spec("kept")])[0].id
            await store.close()
            let pool = ConnectionPool(try ConnectionTarget(place.url), options: ConnectionPool.Options())
            do { try await body(place, id, pool) } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }

    /// As a later program brings it further, with what is in it; this one is then too old.
    @Test func anOlderDatabaseIsBroughtToTheNextVersionOnceWithWhatIsInIt() async throws {
        try await withOlder { place, id, pool in
            let (old, new) = (PostgresSchema.version, PostgresSchema.version + 2)
            let steps =
                PostgresSchema.migrations + [
                    "ALTER TABLE acode.task ADD COLUMN remark text",
                    "UPDATE acode.task SET remark = 'found by a migration'; CREATE TABLE acode.more (x int)",
                ]
            let later = PostgresMigration(pool, steps: steps)
            let error = await #expect(throws: StoreError.self) { try await later.require() }
            #expect(error?.code == .missingSchema && error?.hint?.contains("acode db migrate") == true)
            #expect(error?.message.contains("schema version \(old), this program needs \(new)") == true)
            let report = try await PostgresDatabase(url: place.url).inspect()
            #expect(report.schemaVersion == old)

            let found = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await later.run() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(found.allSatisfy { $0 == old || $0 == new } && found.contains(old), "\(found)")
            let versions = try await place.run("SELECT version FROM acode.migration ORDER BY version")[0]
                .map { row throws(PostgresError) in Int(try row.int(0)) }
            #expect(versions == Array(1...new))
            let rows = try await place.run("SELECT id::text, remark FROM acode.task")[0]
                .map { row throws(PostgresError) in [try row.text(0), try row.text(1)] }
            #expect(rows == [[id.rawValue, "found by a migration"]])
            try await later.require()
            #expect(try await later.run() == new)
            #expect(await failureCode { _ = try await PostgresTaskStore(url: place.url) } == .newerSchema)
        }
    }

    /// All of them or none: else a program would find a version that is none.
    @Test func aStepThatFailsTakesThoseBeforeItBack() async throws {
        try await withOlder { place, id, pool in
            let steps = PostgresSchema.migrations + ["ALTER TABLE acode.task ADD COLUMN remark text", "SELECT 1/0"]
            await #expect(throws: PostgresError.self) { _ = try await PostgresMigration(pool, steps: steps).run() }
            #expect(try await PostgresMigration(pool).version() == PostgresSchema.version)
            let columns = try await place.run(
                "SELECT count(*) FROM pg_attribute WHERE attrelid = 'acode.task'::regclass AND attname = 'remark'")
            #expect(try columns[0].first?.int(0) == 0)
            let store = try await PostgresTaskStore(url: place.url)
            #expect(store.names(try await store.claim()) == ["kept"])
            await store.close()
        }
    }

    /// A schema that somebody else made for it is enough, and the right to make one may be taken back.
    @Test func theOwnerOfTheSchemaMigrates() async throws {
        try await PostgresPlace.with { place in
            let role = "\(place.name)_owner"
            try await place.runScript(
                "CREATE ROLE \(role) LOGIN PASSWORD 'secret'; CREATE SCHEMA acode AUTHORIZATION \(role)")
            var parts = try #require(URLComponents(string: place.url))
            (parts.user, parts.password) = (role, "secret")
            let database = PostgresDatabase(url: try #require(parts.string))
            #expect(try await database.inspect().mayMigrate)
            #expect(try await database.migrate() == 0)
            #expect(try await database.inspect().schemaVersion == PostgresSchema.version)
            try await place.runScript("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)")
        }
    }

    /// Some ends of attempts could never be recorded in it.
    @Test func aDatabaseThatCannotKeepEveryTextIsRefused() async throws {
        let options = "ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        try await PostgresPlace.with(options: options) { place in
            #expect(try await PostgresDatabase(url: place.url).inspect().encoding == "LATIN1")
            let error = await #expect(throws: StoreError.self) {
                _ = try await PostgresDatabase(url: place.url).migrate()
            }
            #expect(error?.code == .notADatabase && error?.hint == PostgresEncoding.hint)
            // One of an earlier version, which made them.
            try await place.runScript(
                "CREATE SCHEMA acode; CREATE TABLE acode.migration (version bigint PRIMARY KEY, at timestamptz)")
            var options = PostgresTaskStore.Options()
            options.migrates = false
            #expect(
                await failureCode { _ = try await PostgresTaskStore(url: place.url, options: options) } == .notADatabase
            )
        }
    }

    @Test func aLoginThatIsRefusedIsNoAbsence() async throws {
        try await PostgresPlace.with { place in
            var parts = try #require(URLComponents(string: place.url))
            parts.password = "hunter2"
            let url = try #require(parts.string)
            let error = await #expect(throws: StoreError.self) { _ = try await PostgresTaskStore(url: url) }
            #expect(error?.code == .permissionDenied && error?.hint?.contains("password") == true)
            #expect(error.map { !"\($0)".contains("hunter2") } == true)
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
