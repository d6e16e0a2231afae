internal import GRDB
internal import Glibc

/// Brings a file up to the schema of this program, in one transaction. Blocks. Any number of processes may do it at once:
/// the version is read again under the write lock.
struct SQLiteMigration {
    let db: Database
    let deadline: ContinuousClock.Instant
    private let operation = "open the task store"

    init(_ db: Database, deadline: ContinuousClock.Instant) {
        self.db = db
        self.deadline = deadline
    }

    /// Checks that the file is ours or new, then migrates it if it is old. Writes nothing to a file of others.
    func run() throws {
        // One snapshot: another process may migrate between two reads.
        var found = 0
        try db.inTransaction(.deferred) {
            found = try version()
            return .commit
        }
        try keepWriteAheadLog()
        guard found < SQLiteSchema.version else { return }
        try db.inTransaction(.immediate) {
            let found = try version()
            guard found < SQLiteSchema.version else { return .rollback }
            for migration in SQLiteSchema.migrations[found...] { try db.execute(sql: migration) }
            try db.execute(
                sql: """
                    PRAGMA application_id = \(SQLiteSchema.applicationID); PRAGMA user_version = \(SQLiteSchema.version)
                    """)
            return .commit
        }
    }

    /// The version of the file: 0 for an empty one. Refuses those of other programs and those newer than we are.
    private func version() throws -> Int {
        let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        if application != SQLiteSchema.applicationID {
            let objects = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard application == 0, version == 0, objects == 0 else {
                throw StoreError.ofAnotherProgram(operation: operation)
            }
        }
        guard version <= SQLiteSchema.version else {
            throw StoreError(
                .newerSchema, "the file has schema version \(version), this program knows \(SQLiteSchema.version)",
                operation: operation, hint: "use the newer version of this program")
        }
        return version
    }

    /// SQLite doesn't call the busy handler for every lock it needs to change the journal mode, so wait here.
    private func keepWriteAheadLog() throws {
        while true {
            do {
                let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
                guard mode == "wal" else {
                    throw StoreError(.io, "the file system doesn't support a write-ahead log", operation: operation)
                }
                return
            } catch let error as DatabaseError where StoreError.code(sqlite: error.extendedResultCode.rawValue) == .busy
            {
                guard ContinuousClock.now < deadline else { throw error }
                usleep(.random(in: 500...3000))
            }
        }
    }
}
