import Foundation
import GRDB
import Testing

@testable import TaskStore

@Suite("SQLite: looking at a file", .timeLimit(.minutes(3)))
struct InspectionTests {
    /// Everything in a directory.
    private func contents(_ directory: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                (name, FileManager.default.contents(atPath: "\(directory)/\(name)") ?? Data())
            })
    }

    /// A directory with a file that `body` makes.
    private func withFile(
        made body: (String) async throws -> Void, _ look: (String) async throws -> Void
    ) async throws {
        let directory = "/tmp/acode-inspect-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = "\(directory)/acode.sqlite"
        try await body(path)
        let before = try contents(directory)
        try await look(path)
        #expect(try contents(directory) == before)
    }

    private func failure(_ path: String) async -> StoreError? {
        do throws(StoreError) {
            _ = try await SQLiteInspection.version(of: path)
            return nil
        } catch { return error }
    }

    private func write(_ path: String, _ sql: String) async throws {
        let queue = try DatabaseQueue(path: path)
        try await queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
    }

    @Test func aFileThatIsNotThereIsNotMade() async throws {
        try await withFile(made: { _ in }) { path in
            let found = try await SQLiteInspection.version(of: path)
            #expect(found == nil)
            let below = try await SQLiteInspection.version(of: "\(path)/../new/acode.sqlite")
            #expect(below == nil)
        }
    }

    @Test func anEmptyFileHasNoTables() async throws {
        try await withFile(made: { path in
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
        }) { path in
            let found = try await SQLiteInspection.version(of: path)
            #expect(found == 0)
        }
        let sql = "PRAGMA journal_mode = WAL; CREATE TABLE t (a); DROP TABLE t"
        try await withFile(made: { try await write($0, sql) }) { path in
            let found = try await SQLiteInspection.version(of: path)
            #expect(found == 0)
        }
    }

    @Test(arguments: [1, SQLiteInspection.version - 1, SQLiteInspection.version, SQLiteInspection.version + 1])
    func theVersionIsToldAndNothingIsChanged(version: Int) async throws {
        try await withFile(made: { path in
            let store = try await SQLiteTaskStore(path: path)
            await store.close()
            try await write(path, "PRAGMA user_version = \(version)")
        }) { path in
            let found = try await SQLiteInspection.version(of: path)
            #expect(found == version)
        }
    }

    /// What another process has written is in the log beside the file.
    @Test func theVersionIsThatOfTheLogWhereThereIsOne() async throws {
        let directory = "/tmp/acode-inspect-\(UInt32.random(in: 0...UInt32.max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try await SQLiteTaskStore(path: "\(directory)/acode.sqlite")
        #expect(FileManager.default.contents(atPath: "\(directory)/acode.sqlite-wal")?.isEmpty == false)
        #expect(try await SQLiteInspection.version(of: "\(directory)/acode.sqlite") == SQLiteInspection.version)
        _ = try await store.submit([spec()])
        await store.close()
    }

    @Test(
        arguments: [
            "CREATE TABLE t (a)", "PRAGMA user_version = 3", "PRAGMA application_id = 5",
        ])
    func aFileOfAnotherProgramIsNone(sql: String) async throws {
        try await withFile(made: { try await write($0, sql) }) { path in
            #expect(await failure(path)?.code == .notADatabase)
        }
    }

    @Test func whatIsNoDatabaseIsNone() async throws {
        try await withFile(made: { path in
            try Data(repeating: 0x78, count: 4096).write(to: URL(fileURLWithPath: path))
        }) { path in
            let told = await failure(path)
            #expect(told?.code == .notADatabase && told?.hint != nil, "\(told.debugDescription)")
        }
    }

    /// Only what is not there is missing.
    @Test func aPlaceThatCantBeIsNoMissingFile() async throws {
        try await withFile(made: { path in
            #expect(FileManager.default.createFile(atPath: path, contents: Data("a".utf8)))
        }) { path in
            let told = await failure("\(path)/acode.sqlite")
            #expect(told?.code == .io && told?.hint != nil, "\(told.debugDescription)")
        }
    }
}
