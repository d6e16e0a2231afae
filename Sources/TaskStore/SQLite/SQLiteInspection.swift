internal import Dispatch
internal import Foundation
internal import GRDB

/// A file as those see it who only want to know what it is. Makes and changes nothing.
package enum SQLiteInspection {
    /// The version of the tables that this program works with.
    package static var version: Int { SQLiteSchema.version }

    /// The version of the tables in a file: 0 when it is empty, `nil` when there is none. Changes nothing, also of an old one.
    ///
    /// - Throws: what opening a store there would throw, but for `newer_schema`.
    package static func version(of path: String) async throws(StoreError) -> Int? {
        let result: Result<Int?, StoreError> = await withCheckedContinuation { continuation in
            // Disks block; a serial queue has a thread of its own.
            DispatchQueue(label: "acode.store.inspect").async {
                let result = Result { try look(at: try SQLiteFile(path: path)) }
                continuation.resume(returning: result.mapError { StoreError($0, operation: operation) })
            }
        }
        do {
            return try result.get()
        } catch {
            throw error.naming(path)
        }
    }

    private static let operation = "look at the task store"

    private static func look(at file: SQLiteFile) throws -> Int? {
        guard try file.isThere() else { return nil }
        // What is not folded in yet counts. Without such a log SQLite would make one, so the file itself is read.
        guard let log = try? FileManager.default.attributesOfItem(atPath: file.path + "-wal"), log[.size] as? Int != 0
        else { return try judge(try SQLiteHeader(of: file.path)) }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: file.path, configuration: configuration)
        defer { try? queue.close() }
        return try judge(
            try queue.read { db in
                SQLiteHeader(
                    application: try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
                    version: try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0,
                    isEmpty: try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0)
            })
    }

    private static func judge(_ header: SQLiteHeader) throws -> Int {
        if header.application == SQLiteSchema.applicationID { return header.version }
        guard header.application == 0, header.version == 0, header.isEmpty else {
            throw StoreError.ofAnotherProgram(operation: operation)
        }
        return 0
    }
}

/// What the first page of a database says (https://www.sqlite.org/fileformat2.html).
struct SQLiteHeader: Equatable {
    var application: Int32
    var version: Int
    /// Whether there are no tables.
    var isEmpty: Bool

    init(application: Int32, version: Int, isEmpty: Bool) {
        (self.application, self.version, self.isEmpty) = (application, version, isEmpty)
    }

    /// Reads a file. Drops the POSIX locks that this process has on it.
    init(of path: String) throws {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        try self.init(bytes: Array(try handle.read(upToCount: Self.length) ?? Data()))
    }

    /// Of a file that was only just made there is nothing.
    init(bytes: [UInt8]) throws(StoreError) {
        guard !bytes.isEmpty else {
            self.init(application: 0, version: 0, isEmpty: true)
            return
        }
        guard bytes.count == Self.length, bytes.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw StoreError(
                .notADatabase, "file is not a database", operation: "look at the task store",
                hint: StoreError.hint(for: .notADatabase))
        }
        func number(_ at: Int) -> Int32 { bytes[at..<at + 4].reduce(0) { $0 << 8 | Int32($1) } }
        // The page is the root of the schema's tree: a leaf without cells when there is nothing in it.
        let isLeaf = bytes[100] == 0x0d
        self.init(
            application: number(68), version: Int(number(60)), isEmpty: isLeaf && bytes[103] == 0 && bytes[104] == 0)
    }

    private static let length = 108
}

extension StoreError {
    /// That a file is a database, but none of ours.
    static func ofAnotherProgram(operation: String) -> StoreError {
        StoreError(
            .notADatabase, "the file is a database of another program", operation: operation,
            hint: "give the task store a path of its own")
    }
}
