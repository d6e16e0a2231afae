internal import Dispatch
internal import GRDB

/// The connections of a store.
struct Connections: Sendable {
    let writer: DatabaseQueue
    let readers: [DatabaseQueue]
    let watcher: DatabaseQueue

    /// Prepares the file, migrates it, opens everything.
    static func open(path: String, options: SQLiteTaskStore.Options) async throws(StoreError) -> Connections {
        let result: Result<Connections, StoreError> = await withCheckedContinuation { continuation in
            blockingWork().async {
                let result = Result { try openNow(path: path, options: options) }
                continuation.resume(returning: result.mapError { StoreError($0, operation: "open the task store") })
            }
        }
        return try result.get()
    }

    /// Closes everything, the writer last, so that it is the one that tidies up.
    func close() async {
        await withCheckedContinuation { continuation in
            Self.blockingWork().async {
                // A connection that can't be closed now is closed when it is released.
                for connection in readers + [watcher, writer] { try? connection.close() }
                continuation.resume()
            }
        }
    }

    /// Opening and closing touch the disk, so they don't run on a cooperative thread; a serial queue has its own.
    private static func blockingWork() -> DispatchQueue { DispatchQueue(label: "acode.store.open") }

    private static func openNow(path: String, options: SQLiteTaskStore.Options) throws -> Connections {
        let deadline = ContinuousClock.now + options.busyTimeout
        let file = try SQLiteFile(path: path)
        try file.prepare()
        let settings = SQLiteConnection(path: file.path, busyTimeout: options.busyTimeout, maxBytes: options.maxBytes)
        let writer = try settings.open(label: "acode.store.writer")
        try writer.writeWithoutTransaction { db in try SQLiteMigration(db, deadline: deadline).run() }
        return Connections(
            writer: writer,
            readers: [
                try settings.open(label: "acode.store.reader.1"), try settings.open(label: "acode.store.reader.2"),
            ],
            watcher: try settings.open(label: "acode.store.watcher"))
    }
}
