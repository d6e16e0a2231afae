internal import GRDB
internal import TaskModel

/// What an operation writes with: the connection inside a transaction, the time of the transaction, and helpers that keep
/// the timeline and the counts. Lives on the writer's thread only.
final class WriteScope {
    let db: Database
    /// Milliseconds since 1970, read after the write lock was had, so that it never goes back behind another writer's.
    let now: Int64
    var counts = CountDeltas()

    init(db: Database, now: Int64) {
        self.db = db
        self.now = now
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
            "INSERT INTO event (task_seq, attempt, kind, message, at) VALUES (?, ?, ?, ?, ?)",
            [seq, attempt, kind.rawValue, StoredText.clean(message), now])
    }

    /// Writes the folded counts. The last thing before the commit.
    func foldCounts() throws {
        for (key, change) in counts.changes where change != 0 {
            try run(
                """
                INSERT INTO queue_count (queue, state, count) VALUES (?, ?, ?)
                ON CONFLICT (queue, state) DO UPDATE SET count = count + excluded.count
                """, [key.queue, key.state.rawValue, change])
        }
    }
}
