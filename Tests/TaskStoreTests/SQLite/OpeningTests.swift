import Foundation
import GRDB
import TaskModel
import Testing

@testable import TaskStore

@Suite("SQLite: opening", .timeLimit(.minutes(3)))
struct OpeningTests {
    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func failure(_ place: SQLitePlace) async -> StoreError? {
        do throws(StoreError) {
            await (try SQLiteTaskStore(path: place.path)).close()
            return nil
        } catch { return error }
    }

    @Test func makesPrivateDirectoriesAndFiles() async throws {
        try await SQLitePlace.with { place in
            let path = place.directory + "/new/deeper/acode.sqlite"
            let store = try await SQLiteTaskStore(path: path)
            _ = try await store.submit([spec()])
            #expect(try mode(place.directory + "/new") == 0o700)
            #expect(try mode(place.directory + "/new/deeper") == 0o700)
            for file in [path, path + "-wal", path + "-shm"] { #expect(try mode(file) == 0o600) }
            await store.close()
            let left = try FileManager.default.contentsOfDirectory(atPath: place.directory + "/new/deeper")
            #expect(left == ["acode.sqlite"])
        }
    }

    @Test func keepsEverythingOverAReopening() async throws {
        try await SQLitePlace.with { place in
            let first = try await SQLiteTaskStore(path: place.path)
            let tasks = try await first.submit([spec("a"), spec("b", delay: 60)])
            let lease = try #require(try await first.claim().first).lease
            await first.close()
            let second = try await SQLiteTaskStore(path: place.path)
            #expect(try await second.task(tasks[1].id) == tasks[1])
            #expect(try await second.finish(lease, .success))
            await second.close()
        }
    }

    @Test func manyMayOpenANewFileAtOnce() async throws {
        for _ in 0..<5 {
            try await SQLitePlace.with { place in
                let stores = try await withThrowingTaskGroup(of: SQLiteTaskStore.self) { group in
                    for _ in 0..<16 { group.addTask { try await SQLiteTaskStore(path: place.path) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for store in stores { _ = try await store.submit([spec()]) }
                #expect(try await stores[0].tally() == [.enqueued: 16])
                for store in stores { await store.close() }
            }
        }
    }

    /// Files of versions that did not write the image of a task beside its specification.
    @Test func knowsTheImagesOfTasksOfAnOlderFile() async throws {
        try await SQLitePlace.with { place in
            try FileManager.default.createDirectory(
                atPath: place.directory + "/state", withIntermediateDirectories: true)
            let queue = try DatabaseQueue(path: place.path)
            try await queue.write { db in
                for migration in SQLiteSchema.migrations[..<4] { try db.execute(sql: migration) }
                try db.execute(
                    sql: "PRAGMA application_id = \(SQLiteSchema.applicationID); PRAGMA user_version = 4")
                for (seq, image) in ["a", nil, "b"].enumerated() {
                    try db.execute(
                        sql: """
                            INSERT INTO task (seq, id, created_at, spec) VALUES (?, ?, 0, ?);
                            INSERT INTO task_state (seq, queue, container, priority, state, run_at)
                            VALUES (?, 'default', 0, 0, 'enqueued', 0);
                            """,
                        arguments: [
                            seq, "id-\(seq)",
                            try SpecCoding.encode(spec(image ?? "none", image: image), operation: "test"), seq,
                        ])
                }
                try db.execute(
                    sql: """
                        INSERT INTO task (seq, id, created_at, spec) VALUES (9, 'id-9', 0, '{"image": 1');
                        INSERT INTO task_state (seq, queue, container, priority, state, run_at)
                        VALUES (9, 'unreadable', 0, 0, 'enqueued', 0);
                        """)
            }
            try queue.close()
            let store = try await SQLiteTaskStore(path: place.path)
            let others = try await store.claim(9, queues: ["default"], images: .allBut(["a"]))
            #expect(store.names(others) == ["none", "b"])
            #expect(store.names(try await store.claim(9, queues: ["default"], images: .only(["a"]))) == ["a"])
            await store.close()
        }
    }

    @Test func refusesANewerSchema() async throws {
        try await SQLitePlace.with { place in
            await (try SQLiteTaskStore(path: place.path)).close()
            let queue = try DatabaseQueue(path: place.path)
            try await queue.write { try $0.execute(sql: "PRAGMA user_version = 999") }
            try queue.close()
            #expect(await failure(place)?.code == .newerSchema)
        }
    }

    /// Whoever has the file open doesn't keep a newer program from migrating it, and must not write what no longer fits.
    @Test func writesNothingOnceANewerProgramHasMigratedTheFile() async throws {
        try await SQLitePlace.with { place in
            let store = try await SQLiteTaskStore(path: place.path)
            let lease = Lease(taskID: try await store.submit([spec("old")])[0].id, attempt: 1, token: 1)
            let queue = try DatabaseQueue(path: place.path)
            func setVersion(_ version: Int) async throws {
                try await queue.write { try $0.execute(sql: "PRAGMA user_version = \(version)") }
            }
            try await setVersion(SQLiteSchema.version + 1)
            do throws(StoreError) {
                _ = try await store.submit([spec("new")])
                Issue.record("it was written")
            } catch {
                #expect(error.code == .newerSchema && error.operation == "submit", "\(error)")
                #expect(error.description.contains("restart this program"), "\(error)")
            }
            #expect(await failureCode { _ = try await store.claim() } == .newerSchema)
            #expect(await failureCode { _ = try await store.finish(lease, .success) } == .newerSchema)
            // What belongs together fails together.
            await withTaskGroup(of: StoreError.Code?.self) { group in
                for number in 0..<20 {
                    group.addTask { await failureCode { _ = try await store.submit([spec("\(number)")]) } }
                }
                for await code in group { #expect(code == .newerSchema) }
            }
            #expect(try await store.tally() == [.enqueued: 1])
            // It holds no lock, and had it been a mistake, all would go on.
            try await setVersion(SQLiteSchema.version)
            #expect(store.names(try await store.claim()) == ["old"])
            try queue.close()
            await store.close()
        }
    }

    @Test func leavesTheDatabaseOfAnotherProgramAlone() async throws {
        try await SQLitePlace.with { place in
            try FileManager.default.createDirectory(
                atPath: place.directory + "/state", withIntermediateDirectories: true)
            let queue = try DatabaseQueue(path: place.path)
            try await queue.write { try $0.execute(sql: "CREATE TABLE precious (x)") }
            try queue.close()
            let before = FileManager.default.contents(atPath: place.path)
            #expect(await failure(place)?.code == .notADatabase)
            #expect(FileManager.default.contents(atPath: place.path) == before)
        }
    }

    @Test func refusesWhatIsNoDatabase() async throws {
        try await SQLitePlace.with { place in
            try FileManager.default.createDirectory(
                atPath: place.directory + "/state", withIntermediateDirectories: true)
            try Data("GIF89a, certainly not a database, and long enough to be read as one".utf8)
                .write(to: URL(fileURLWithPath: place.path))
            #expect(await failure(place)?.code == .notADatabase)
            try FileManager.default.removeItem(atPath: place.path)
            try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
            #expect(await failure(place)?.code == .notADatabase)
        }
    }

    @Test(arguments: ["", "a\0b", "/proc/acode/x.sqlite", "/dev/null/x.sqlite"])
    func refusesImpossiblePaths(_ path: String) async throws {
        await #expect(throws: StoreError.self) { await (try SQLiteTaskStore(path: path)).close() }
    }

    @Test func takesAFileNamedLikeAnInMemoryDatabase() async throws {
        try await SQLitePlace.with { place in
            let path = place.directory + "/:memory:?mode=memory"
            await (try SQLiteTaskStore(path: path)).close()
            #expect(FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func flushesEveryCommit() async throws {
        try await SQLitePlace.with { place in
            let settings = SQLiteConnection(
                path: place.directory + "/x.sqlite", busyTimeout: .seconds(1), maxBytes: nil)
            let queue = try settings.open(label: "test")
            #expect(try await queue.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
            try queue.close()
        }
    }
}
