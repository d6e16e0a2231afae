internal import GRDB

/// Opens connections with the settings this store relies on.
///
/// Each is a `DatabaseQueue`, which has a serial executor of its own. A `DatabasePool` would not do: on every opening it
/// writes to the file to make a write-ahead log exist, which races with other processes that open it and invalidates the
/// statements they have prepared.
struct SQLiteConnection {
    let path: String
    let busyTimeout: Duration
    let maxBytes: Int64?

    /// Opens the file. Blocks.
    func open(label: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = label
        configuration.foreignKeysEnabled = false
        let wait = BusyWait(limit: busyTimeout)
        configuration.busyMode = .callback { tries in wait.shouldRetry(tries: tries) }
        configuration.prepareDatabase { [maxBytes] db in
            try db.execute(
                sql: "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864")
            if let maxBytes { try db.execute(sql: "PRAGMA max_page_count = \(max(1, maxBytes / 4096))") }
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }
}
