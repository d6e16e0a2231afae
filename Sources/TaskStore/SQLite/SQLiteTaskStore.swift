internal import GRDB
internal import Synchronization

/// The queue in one SQLite file: embedded, for all processes of one host.
///
/// Writes of this process are grouped (`GroupCommit`) and durable when a call returns: write-ahead log with a flush at
/// each commit. Reads use connections of their own and never wait for a writer. Every connection has its own serial
/// executor, so nothing blocks a cooperative thread; every wait for a lock ends at the busy time-out.
package final class SQLiteTaskStore: Sendable {
    /// What may be tuned.
    package struct Options: Sendable {
        /// How long a call waits for other processes that hold the write lock.
        package var busyTimeout: Duration
        /// The largest size of the file in bytes; writes that need more fail with `full`. `nil` means the disk decides.
        package var maxBytes: Int64?

        /// Makes options.
        package init(busyTimeout: Duration = .seconds(10), maxBytes: Int64? = nil) {
            self.busyTimeout = busyTimeout
            self.maxBytes = maxBytes
        }
    }

    let writer: GroupCommit
    let clock: any StoreClock
    private let connections: Connections
    let claimConflicts = Atomic<Int>(0)
    let clockJumps: Mutex<ClockJumps>
    private let nextReader = Atomic<Int>(0)

    /// Opens the file at `path`, and makes it (0600) and its directories (0700) when they are missing. Any number of
    /// processes may do so at once. Throws `newer_schema`, `not_a_database`, `network_filesystem`, `permission_denied`,
    /// `read_only`, `full`, `corrupt`, `busy` or `io`.
    package init(
        path: String, clock: any StoreClock = SystemStoreClock(), options: Options = Options()
    ) async throws(StoreError) {
        self.clock = clock
        clockJumps = Mutex(ClockJumps(clock))
        do {
            connections = try await Connections.open(path: path, options: options)
        } catch {
            throw error.naming(path)
        }
        writer = GroupCommit(connection: connections.writer, clock: clock, busyTimeout: options.busyTimeout)
    }

    /// Runs `body` in a read transaction on one of the readers.
    func read<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        guard !writer.isClosed else { throw .closed(operation) }
        let turn = nextReader.wrappingAdd(1, ordering: .relaxed).newValue & Int.max
        let reader = connections.readers[turn % connections.readers.count]
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            reader.asyncRead { access in
                let result = Result { try body(access.get()) }
                continuation.resume(returning: result.mapError { StoreError($0, operation: operation) })
            }
        }
        return try result.get()
    }

    /// A number that differs whenever any connection of any process has committed since the last call. Numbers of
    /// different stores can't be compared.
    package func changeToken() async throws(StoreError) -> Int64 {
        guard !writer.isClosed else { throw .closed("look for changes") }
        let result: Result<Int64, StoreError> = await withCheckedContinuation { continuation in
            // Only this connection never writes, so that it sees the commits of all others, this process's too.
            connections.watcher.asyncWriteWithoutTransaction { db in
                let version = Result {
                    try Int64.fetchOne(db.cachedStatement(sql: "PRAGMA data_version")) ?? 0
                }
                continuation.resume(returning: version.mapError { StoreError($0, operation: "look for changes") })
            }
        }
        return try result.get()
    }

    /// Finishes the writes that were accepted, then closes all connections. The last process to close the file folds the
    /// write-ahead log into it.
    package func close() async {
        await writer.close()
        await connections.close()
    }
}
