internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// A prepared statement that is bound and stepped without GRDB's lists of arguments and rows, which cost several times what
/// the statement itself does. For what is run once for each task of a batch, and for each transaction.
///
/// It belongs to the connection's cache and to its thread, and is used within one transaction only; of those with the same
/// text only one is in use at a time. Parameters are bound in their order, from the first. What can't be bound is told when
/// the statement is stepped.
struct RawStatement {
    private let statement: Statement
    private let handle: OpaquePointer
    private var bound: Int32 = 0
    private var failure = SQLITE_OK
    private var isRunAgain = false
    /// The bytes of the texts that are bound, by their places: a statement keeps its values until others are bound.
    private var texts: [[UInt8]?] = []

    /// Takes a statement from the connection's cache. Throws `DatabaseError`.
    init(_ db: Database, _ sql: String) throws {
        statement = try db.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
        // Whoever had it last may have thrown in the middle.
        sqlite3_reset(handle)
    }

    /// Runs a statement without parameters. Throws `DatabaseError`.
    static func run(_ db: Database, _ sql: String) throws {
        var statement = try RawStatement(db, sql)
        try statement.run()
    }

    /// Binds the next parameter.
    mutating func bind(_ value: Int64) {
        bound += 1
        note(sqlite3_bind_int64(handle, bound, value))
    }

    mutating func bind(_ value: Int) { bind(Int64(value)) }

    mutating func bind(_ value: Bool) { bind(value ? 1 as Int64 : 0) }

    mutating func bind(_ value: Double) {
        bound += 1
        note(sqlite3_bind_double(handle, bound, value))
    }

    mutating func bind(_ value: String) {
        bound += 1
        var value = value
        value.withUTF8 { bytes in
            guard !isBound(bytes) else { return }
            let code = bytes.withMemoryRebound(to: CChar.self) { text in
                // No address would be NULL.
                guard let start = text.baseAddress else {
                    return sqlite3_bind_text(handle, bound, "", 0, Self.copying)
                }
                return sqlite3_bind_text64(
                    handle, bound, start, UInt64(text.count), Self.copying, UInt8(SQLITE_UTF8))
            }
            note(code)
        }
    }

    /// Whether this text is there already, from the time before; else notes that it will be. Most texts of a batch are the
    /// same for all its tasks, and SQLite would copy them for each.
    private mutating func isBound(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard isRunAgain else { return false }
        let place = Int(bound)
        while texts.count <= place { texts.append(nil) }
        if let last = texts[place], last.count == text.count, last.elementsEqual(text) { return true }
        texts[place] = Array(text)
        return false
    }

    mutating func bind(_ value: Int64?) { value.map { bind($0) } ?? bindNull() }

    mutating func bind(_ value: Int?) { value.map { bind($0) } ?? bindNull() }

    mutating func bind(_ value: Double?) { value.map { bind($0) } ?? bindNull() }

    mutating func bind(_ value: String?) { value.map { bind($0) } ?? bindNull() }

    private mutating func bindNull() {
        bound += 1
        if texts.count > bound { texts[Int(bound)] = nil }
        note(sqlite3_bind_null(handle, bound))
    }

    private mutating func note(_ code: Int32) { if code != SQLITE_OK { failure = code } }

    /// Runs a statement that returns nothing, and makes it ready to be bound again. Throws `DatabaseError`.
    mutating func run() throws {
        while try step() {}
        reset()
    }

    /// Goes to the next row; false when there is none. Throws `DatabaseError`.
    mutating func step() throws -> Bool {
        switch failure == SQLITE_OK ? sqlite3_step(handle) : failure {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let message = sqlite3_errmsg(sqlite3_db_handle(handle)).map { String(cString: $0) }
            reset()
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
        }
    }

    /// Ends it, so that it holds nothing and can be bound again.
    mutating func reset() {
        sqlite3_reset(handle)
        bound = 0
        failure = SQLITE_OK
        isRunAgain = true
    }

    /// A column of the current row, from 0; zero where it is NULL.
    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func optionalInt(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

    func optionalDouble(_ column: Int32) -> Double? { isNull(column) ? nil : sqlite3_column_double(handle, column) }

    /// A text; empty where it is NULL.
    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func data(_ column: Int32) -> Data {
        guard let start = sqlite3_column_text(handle, column) else { return Data() }
        return Data(bytes: start, count: Int(sqlite3_column_bytes(handle, column)))
    }

    private static var copying: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}
