/// Why a store could not do what it was asked. Safe to print: it never holds values of tasks.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, in one stable word.
    package enum Code: String, Sendable, CaseIterable {
        /// Others kept the store locked, or more writes waited than are allowed. Worth trying again.
        case busy
        /// The store was closed.
        case closed
        /// The disk or the store's own size limit is full. Nothing of the operation was kept.
        case full
        /// The stored data is damaged.
        case corrupt
        /// A newer version of this program wrote the store.
        case newerSchema = "newer_schema"
        /// The database has no tables, or those of an older version, and they are not changed on the way.
        case missingSchema = "missing_schema"
        /// The file or its file system can't be written.
        case readOnly = "read_only"
        /// The file is not a task store.
        case notADatabase = "not_a_database"
        /// The file is on a network file system, where the locks that protect it don't hold.
        case networkFilesystem = "network_filesystem"
        /// Reading or writing failed.
        case io
        /// What says where the database is can't be read.
        case badURL = "bad_url"
        /// The database's server can't be reached, or went away in the middle. Worth trying again.
        case unavailable
        /// The operating system refused access.
        case permissionDenied = "permission_denied"
        /// A mistake in this program.
        case `internal`
    }

    /// What went wrong, in one stable word.
    package let code: Code
    /// In plain words.
    package let message: String
    /// The extended result code, when SQLite reported the error.
    package let sqliteCode: Int32?
    /// What was being done, such as `claim`.
    package let operation: String
    /// What a person can do about it.
    package let hint: String?

    /// Makes an error.
    package init(_ code: Code, _ message: String, operation: String, sqliteCode: Int32? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.sqliteCode = sqliteCode
        self.operation = operation
        self.hint = hint
    }

    package var description: String {
        let number = sqliteCode.map { " (SQLite \($0))" } ?? ""
        let advice = hint.map { "; \($0)" } ?? ""
        return "\(operation): \(message)\(number)\(advice)"
    }
}
