internal import GRDB

extension StoreError {
    /// Says what an error from below means; errors of ours pass unchanged.
    init(_ error: any Error, operation: String) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            let extended = error.extendedResultCode.rawValue
            let code = StoreError.code(sqlite: extended)
            // Only SQLite's own words: the full description would quote SQL.
            self.init(
                code, error.message ?? "SQLite failed", operation: operation, sqliteCode: extended,
                hint: StoreError.hint(for: code))
        default:
            self.init(.internal, "unexpected error of type \(type(of: error))", operation: operation)
        }
    }

    /// What an extended result code of SQLite means to us.
    static func code(sqlite extended: Int32) -> Code {
        // Room for the shared memory of the write-ahead log could not be had: a full disk by another name.
        if extended == 4874 { return .full }
        if extended == 3338 { return .permissionDenied }
        switch extended & 0xff {
        case 3, 23: return .permissionDenied
        case 5, 6, 15: return .busy
        case 8: return .readOnly
        case 10, 14, 22: return .io
        case 11: return .corrupt
        case 13: return .full
        case 21: return .closed
        case 26: return .notADatabase
        default: return .internal
        }
    }

    /// The same error with the file it is about, for errors of opening: later ones happen far from any file's name.
    func naming(_ path: String) -> StoreError {
        guard !message.contains(path) else { return self }
        return StoreError(code, "\(path): \(message)", operation: operation, sqliteCode: sqliteCode, hint: hint)
    }

    static func hint(for code: Code) -> String? {
        switch code {
        case .busy: "another process keeps the task store locked; try again"
        case .notADatabase: "move the file away to begin with an empty store, or name another with store.path"
        case .full: "free some disk space"
        case .corrupt: "restore the file from a copy, or move it away to begin with an empty store"
        default: nil
        }
    }
}
