internal import GRDB
internal import TaskModel

/// What an operation writes with: the connection inside a transaction, the time of the transaction, and helpers that keep
/// the timeline and the counts. Lives on the writer's thread only.
final class WriteScope {
    let db: Database
    /// Milliseconds since 1970, read after the write lock was had, so that it never goes back behind another writer's.
    let now: Int64
    var counts = CountDeltas()
    /// The number given last; `nil` when this transaction has given none. Numbers that a write has in vain are left out.
    private var lastSequence: Int64?

    init(db: Database, now: Int64) {
        self.db = db
        self.now = now
    }

    /// A statement that is run for each task of a batch, or for each transaction.
    func raw(_ sql: String) throws -> RawStatement { try RawStatement(db, sql) }

    /// The next number of the timelines, which are the numbers of tasks too.
    func nextSequence() throws -> Int64 {
        let last = try lastSequence ?? storedSequence()
        lastSequence = last + 1
        return last + 1
    }

    private func storedSequence() throws -> Int64 {
        var stored = try raw("SELECT count FROM queue_count WHERE queue = '' AND state = 'sequence'")
        defer { stored.reset() }
        return try stored.step() ? stored.int(0) : 0
    }

    /// Runs a statement that returns nothing, from the cache of prepared statements.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row of a statement.
    func first(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// All rows of a statement.
    func all(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Adds a line to the timeline of a task.
    func note(_ kind: TaskEvent.Kind, _ message: String, task seq: Int64, attempt: Int) throws {
        try run(
            "INSERT INTO event (sequence, task_seq, attempt, kind, message, at) VALUES (?, ?, ?, ?, ?, ?)",
            [try nextSequence(), seq, attempt, kind.rawValue, StoredText.clean(message), now])
    }

    /// Writes the folded counts and the last number. The last thing before the commit.
    func foldCounts() throws {
        var fold = try raw(
            """
            INSERT INTO queue_count (queue, state, count) VALUES (?, ?, ?)
            ON CONFLICT (queue, state) DO UPDATE SET count = count + excluded.count
            """)
        for (key, change) in counts.changes where change != 0 {
            fold.bind(key.queue)
            fold.bind(key.state.rawValue)
            fold.bind(change)
            try fold.run()
        }
        // Among the counts, because their page is written anyway. No queue has an empty name.
        guard let lastSequence else { return }
        var keep = try raw("INSERT OR REPLACE INTO queue_count (queue, state, count) VALUES ('', 'sequence', ?)")
        keep.bind(lastSequence)
        try keep.run()
    }
}
