internal import GRDB
internal import Synchronization

/// The one writer of a process. Writes that arrive while it is busy wait, and then share one transaction and one flush to
/// the disk, each in a savepoint of its own, so that one that fails takes nothing with it.
///
/// A caller is told only after the commit that holds its write is on the disk. Cancellation is ignored: a write that was
/// accepted ends with success or an error, at the latest after the busy time-out of the transactions ahead of it.
final class GroupCommit: Sendable {
    /// How much may be in the air.
    struct Limits {
        /// Writes in one transaction.
        var batch = 256
        /// Writes that wait; more are refused with `busy`.
        var waiting = 8192
        /// How long the writer looks for the next write before it rests: who is told of one often writes again at once, and
        /// to wake a thread takes longer than a write.
        var attention = Attention()
    }

    /// How long the writer looks for more: long where that would have paid the last time, because who is told of one write
    /// makes the next, and shortly where it would have looked in vain.
    struct Attention {
        var shortest = Duration.microseconds(20)
        var longest = Duration.microseconds(150)

        /// For a writer that rested for `pause` before it was wanted again; `nil` when it has not rested yet.
        func span(after pause: Duration?) -> Duration {
            guard let pause, pause < longest else { return shortest }
            return longest
        }
    }

    private struct State {
        var waiting: [PendingWrite] = []
        var isDraining = false
        /// Calls of `alone` that wait for the connection.
        var loners = 0
        var isClosed = false
        /// Connections are opened flushing.
        var isFlushing = true
        /// Since when the writer rests, and for how long it did the last time.
        var restsSince: ContinuousClock.Instant?
        var lastPause: Duration?
    }

    private let connection: DatabaseQueue
    private let clock: any StoreClock
    private let busyTimeout: Duration
    private let limits: Limits
    private let state = Mutex(State())
    /// How often the writer was wanted so far. Changed with `state`, and read without its lock, which whoever looks all the
    /// time would take away from those who want something.
    private let calls = Atomic(0)

    init(connection: DatabaseQueue, clock: any StoreClock, busyTimeout: Duration, limits: Limits = Limits()) {
        self.connection = connection
        self.clock = clock
        self.busyTimeout = busyTimeout
        self.limits = limits
    }

    /// Whether `close` was called.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// How many writes wait for the writer.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// How many calls of `alone` wait for the connection.
    var awaitedBy: Int { state.withLock { $0.loners } }

    /// Runs `body` inside a transaction and returns its value once that is durable. `body` may run more than once.
    func perform<Value: Sendable>(
        _ operation: String, surviving durability: Durability = .powerLoss,
        _ body: @escaping @Sendable (WriteScope) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
            accept(
                PendingWrite(
                    operation: operation, durability: durability, since: .now,
                    run: { scope in
                        let value = try body(scope)
                        return { continuation.resume(returning: .success(value)) }
                    },
                    fail: { continuation.resume(returning: .failure($0)) }))
        }
        return try result.get()
    }

    /// Runs `body` on the writer's connection outside any transaction, between two others: after the one that is being
    /// written, however many writes wait.
    func alone(_ operation: String, _ body: @escaping @Sendable (Database) throws -> Void) async throws(StoreError) {
        guard !isClosed else { throw .closed(operation) }
        let result: Result<Void, StoreError> = await withCheckedContinuation { continuation in
            state.withLock { state in
                state.loners += 1
                calls.add(1, ordering: .releasing)
            }
            connection.asyncWriteWithoutTransaction { [self] db in
                state.withLock { $0.loners -= 1 }
                continuation.resume(
                    returning: Result { try body(db) }.mapError { StoreError($0, operation: operation) })
            }
        }
        try result.get()
    }

    /// Refuses further writes, and returns when all accepted ones are done.
    func close() async {
        state.withLock { $0.isClosed = true }
        // The connection runs its blocks in order. A drain that made way for others may come after this one.
        await withCheckedContinuation { continuation in
            connection.asyncWriteWithoutTransaction { [self] db in
                while case let batch = take().batch, !batch.isEmpty { commit(batch, db) }
                continuation.resume()
            }
        }
    }

    private func accept(_ write: PendingWrite) {
        enum Answer { case refuse(StoreError), wait, drain }
        let answer = state.withLock { state -> Answer in
            if state.isClosed { return .refuse(StoreError.closed(write.operation)) }
            if state.waiting.count >= limits.waiting {
                let message = "\(limits.waiting) writes wait already"
                return .refuse(StoreError(.busy, message, operation: write.operation))
            }
            state.waiting.append(write)
            calls.add(1, ordering: .releasing)
            if state.isDraining { return .wait }
            state.isDraining = true
            state.lastPause = state.restsSince.map { write.since - $0 }
            return .drain
        }
        switch answer {
        case .refuse(let error): write.fail(error)
        case .wait: break
        case .drain: drainInTurn()
        }
    }

    /// Behind what the connection has to do already.
    private func drainInTurn() { connection.asyncWriteWithoutTransaction { [self] db in drain(db) } }

    private func drain(_ db: Database) {
        while true {
            let (batch, calls) = take()
            guard !batch.isEmpty else { return }
            commit(batch, db)
            lookForMore(than: calls)
            // Whoever writes again and again would keep the connection for ever.
            if awaitedBy > 0 { return drainInTurn() }
        }
    }

    /// Waits a little for somebody to want something who didn't when `seen` calls had come.
    private func lookForMore(than seen: Int?) {
        guard let seen else { return }
        let rest = ContinuousClock.now + limits.attention.span(after: state.withLock { $0.lastPause })
        while calls.load(ordering: .acquiring) == seen, ContinuousClock.now < rest {}
    }

    /// What waits, as much as goes into one transaction, and how often the writer was wanted until then, unless somebody still
    /// waits. When nothing waits, the writer rests.
    private func take() -> (batch: [PendingWrite], calls: Int?) {
        state.withLock { state in
            let batch = Array(state.waiting.prefix(limits.batch))
            state.waiting.removeFirst(batch.count)
            if batch.isEmpty {
                state.isDraining = false
                state.restsSince = .now
            }
            return (batch, state.waiting.isEmpty && state.loners == 0 ? calls.load(ordering: .relaxed) : nil)
        }
    }

    /// Returns what kept it from beginning, which is told to those that it is about.
    @discardableResult
    private func commit(_ batch: [PendingWrite], _ db: Database) -> (any Error)? {
        do {
            try setFlushing(batch.contains { $0.durability == .powerLoss }, db)
            try begin(db)
        } catch {
            fail(batch + overdue(), error)
            return error
        }
        let transaction = GroupTransaction(db: db, now: StoredTime.milliseconds(clock.now()))
        switch transaction.run(batch) {
        case .committed(let answers): for answer in answers { answer() }
        case .lost(let error) where batch.count == 1: fail(batch, error)
        // The disk is full, or so: what is small enough may still succeed by itself.
        case .lost: commitEach(batch, db)
        }
        return nil
    }

    /// Commits writes one by one, until the lock can't be had: then the rest has waited for it, too.
    private func commitEach(_ batch: [PendingWrite], _ db: Database) {
        for (index, write) in batch.enumerated() {
            if let error = commit([write], db) { return fail(batch[(index + 1)...], error) }
        }
    }

    private func fail(_ writes: some Sequence<PendingWrite>, _ error: any Error) {
        for write in writes {
            let newer = (error as? NewerFile).map { StoreError.migrated(to: $0.version, write.operation) }
            write.fail(newer ?? StoreError(error, operation: write.operation))
        }
    }

    /// Takes the write lock of a file that is still of the version this program knows: one that has the file open doesn't
    /// keep a newer one from migrating it, and what it went on to write would not fit.
    private func begin(_ db: Database) throws {
        try RawStatement.run(db, "BEGIN IMMEDIATE")
        do {
            var version = try RawStatement(db, "PRAGMA user_version")
            let found = try version.step() ? version.int(0) : 0
            version.reset()
            guard found <= SQLiteSchema.version else { throw NewerFile(version: found) }
        } catch {
            if db.isInsideTransaction { try? db.execute(sql: "ROLLBACK") }
            throw error
        }
    }

    /// With the write-ahead log, `NORMAL` writes a commit and `FULL` flushes it too; the setting belongs to the connection.
    private func setFlushing(_ flushes: Bool, _ db: Database) throws {
        guard state.withLock({ $0.isFlushing }) != flushes else { return }
        try RawStatement.run(db, flushes ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
        state.withLock { $0.isFlushing = flushes }
    }

    /// Those that waited as long as the lock was waited for; trying again for each in turn would make them wait for ever.
    private func overdue() -> [PendingWrite] {
        let limit = ContinuousClock.now - busyTimeout
        return state.withLock { state in
            let overdue = state.waiting.filter { $0.since <= limit }
            state.waiting.removeAll { $0.since <= limit }
            return overdue
        }
    }
}

/// The file was brought to a version beyond this program's while this program had it open.
private struct NewerFile: Error {
    let version: Int64
}

extension StoreError {
    fileprivate static func migrated(to version: Int64, _ operation: String) -> StoreError {
        StoreError(
            .newerSchema,
            "a newer acode migrated the file to schema version \(version), this one knows \(SQLiteSchema.version)",
            operation: operation, hint: "restart this program in the newer version")
    }

    /// The store was closed before or during `operation`.
    static func closed(_ operation: String) -> StoreError {
        StoreError(.closed, "the task store is closed", operation: operation)
    }
}
