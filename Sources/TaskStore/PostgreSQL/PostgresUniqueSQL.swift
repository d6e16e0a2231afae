internal import TaskModel

/// Parts of statements that heed unique keys. Of each key, one transaction at a time decides who has it: it holds a lock
/// that no row stands for, because a lock on a row is a write, and a key that nobody has is no row.
enum PostgresUniqueSQL {
    /// The states of tasks that have ended, as a list.
    static let ended = TaskState.allCases.filter(\.isTerminal).map { "'\($0.rawValue)'" }.joined(separator: ", ")

    /// Holds keys until the end of the transaction, in an order that is the same for all. `keys` is a query for `queue` and
    /// `key`, which may be NULL. Some keys share a lock, so that any number of them needs few.
    static func hold(_ keys: String) -> String {
        """
        SELECT pg_advisory_xact_lock(\(PostgresSchema.uniqueLocks), number) FROM (
            SELECT DISTINCT \(number("k.queue", "k.key")) AS number
            FROM (\(keys)) AS k WHERE k.key IS NOT NULL ORDER BY number) AS wanted
        """
    }

    /// The numbers of the locks that this transaction holds: a query.
    static let held = """
        SELECT objid::bigint AS number FROM pg_locks
        WHERE locktype = 'advisory' AND classid = \(PostgresSchema.uniqueLocks) AND objsubid = 2 AND granted
            AND pid = pg_backend_pid()
        """

    /// Whether the keys of the task `s`, `t` is free and may be taken, if it has one: its lock is among `held`, and no task
    /// has it that has not ended.
    static let isFree = """
        (t.unique_key IS NULL OR \(number("s.queue", "t.unique_key")) IN (SELECT number FROM held) AND \(isUnclaimed))
        """

    /// Whether no task that has not ended has the key of the task `s`, `t`, as far as anybody knows who doesn't hold it.
    static let isUnclaimed = """
        NOT EXISTS (
            SELECT FROM acode.unique_claim u JOIN acode.task_state h ON \(PostgresSQL.same("h.id", "u.id"))
            WHERE u.queue = s.queue AND u.key = t.unique_key AND h.state NOT IN (\(ended)))
        """

    private static func number(_ queue: String, _ key: String) -> String {
        "hashtext(\(queue) || chr(10) || \(key)) & 1023"
    }
}
