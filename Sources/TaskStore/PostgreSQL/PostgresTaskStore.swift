internal import PostgreSQL
internal import Synchronization

/// The queue in a PostgreSQL database, for any number of supervisors on any number of machines.
///
/// Nearly every operation is one round trip and one transaction, most of them one statement, so there is nothing in between to
/// be lost or to hold locks, and poolers that hand out sessions by the transaction do no harm. Locks are taken in one order:
/// advisory ones, then `ready`, `scheduled`, `lease` or `parked`, then `task_state`, `change` last. What only who has locked
/// the row of the task may touch can come after that. Time is the server's own.
package final class PostgresTaskStore: Sendable {
    /// What may be tuned.
    package struct Options: Sendable {
        /// The most connections.
        package var connections = 4
        /// How long one operation may take.
        package var timeout: Duration = .seconds(30)
        /// The URL of a connection that hears notifications, where that of the others leads to a pooler.
        package var listenURL: String?
        /// Whether missing tables are made and old ones brought up to date. It takes rights that running tasks doesn't.
        package var migrates = true
        /// Where the time comes from instead of the server, for tests.
        package var clock: (any StoreClock)?
        /// One in so many statements that leave deltas of counts is followed by one that folds them.
        package var foldsOneIn = 128

        /// The defaults.
        package init() {}
    }

    let pool: ConnectionPool
    /// For renewals and the sign of life with them alone, so that they never wait behind claims.
    let renewals: ConnectionPool
    let listenTarget: ConnectionTarget
    /// What this store announced lately, and who comes back for the rest.
    let window = Mutex(AnnouncementWindow())
    let announcing = Mutex<Task<Void, Never>?>(nil)
    /// The numbers of supervisors that claimed through this store.
    let claimants = Mutex<[PostgresClaimant: Int64]>([:])
    let plainClaims = Mutex(PostgresPlainClaims())
    /// Ends of attempts that are written together.
    let ends = PostgresFinishGroup()
    private let options: Options
    let claimConflicts = Atomic<Int>(0)
    /// The row of `acode.change` that this store's writes count in.
    private let writer = Int64.random(in: .min ... .max)

    /// Connects, and migrates or checks the tables. Throws `missing_schema`, `unavailable`, `permission_denied`,
    /// `newer_schema` and others; never with credentials.
    package init(url: String, options: Options = Options()) async throws(StoreError) {
        self.options = options
        do throws(PostgresError) {
            var settings = ConnectionPool.Options()
            settings.connections = options.connections
            settings.exhaustedHint = "raise store.connections"
            settings.session.settings = PostgresSchema.session(timeout: options.timeout)
            let target = try ConnectionTarget(url)
            listenTarget = if let other = options.listenURL { try ConnectionTarget(other) } else { target }
            pool = ConnectionPool(target, options: settings)
            settings.connections = 1
            settings.exhaustedHint = "it is for renewals and signs of life, so the server is slow: see `acode doctor`"
            renewals = ConnectionPool(target, options: settings)
        } catch {
            throw StoreError(error)
        }
        do {
            let migration = PostgresMigration(pool)
            if options.migrates { _ = try await migration.run() } else { try await migration.require() }
        } catch {
            await pool.close()
            throw (error as? PostgresError).map { StoreError($0) } ?? error as? StoreError
                ?? StoreError(
                    .internal, "unexpected error of type \(type(of: error))", operation: "open the task store")
        }
    }

    package var connections: StoreConnections? {
        let (now, renewing) = (pool.snapshot, renewals.snapshot)
        return StoreConnections(
            idle: now.idle + renewing.idle, used: now.used + renewing.used, waiting: now.waiting + renewing.waiting,
            // Renewals are tried at heartbeats alone, and so learn later that the server is back.
            isBreakerOpen: now.isBreakerOpen, breakerOpenings: now.breakerOpenings,
            failures: now.failures + renewing.failures)
    }

    /// Announces what is left to announce, and closes the connections. Calls after it throw.
    package func close() async {
        let work = announcing.withLock { $0 }
        work?.cancel()
        await work?.value
        // In a task of its own: from one that was cancelled, as whoever closes may be, nothing is sent.
        _ = await Task { await announceRest() }.value
        await pool.close()
        await renewals.close()
    }

    package func takeClaimConflicts() -> Int { claimConflicts.exchange(0, ordering: .relaxed) }

    /// The time of a test, or NULL for the server's.
    var clock: PostgresValue { .int(options.clock.map { StoredTime.milliseconds($0.now()) }) }

    /// The writer's number, for `PostgresSQL.bump`.
    var me: PostgresValue { .int(writer) }

    /// Runs one statement, again when the server undid it because of another one at the same time, and, when `isRepeatable`,
    /// once more after a connection broke in the middle. All that takes no longer than one operation may.
    func run(
        _ query: PostgresQuery, _ operation: String, isRepeatable: Bool = false
    ) async throws(StoreError) -> PostgresRows {
        try await run([query], operation, isRepeatable: isRepeatable)[0]
    }

    /// Runs statements in one transaction, with as many answers.
    func run(
        _ queries: [PostgresQuery], _ operation: String, isRepeatable: Bool = false, on pool: ConnectionPool? = nil
    ) async throws(StoreError) -> [PostgresRows] {
        let deadline = ContinuousClock.now + options.timeout
        var conflicts = 0
        var losses = 0
        while true {
            do throws(PostgresError) {
                return try await (pool ?? self.pool).run(queries, operation: operation, timeout: deadline - .now)
            } catch {
                if error.isConflict, operation == "claim" { claimConflicts.add(1, ordering: .relaxed) }
                guard .now < deadline else { throw StoreError(error) }
                if error.isWorthRepeating, conflicts < 8 {
                    conflicts += 1
                } else if error.code == .connectionLost, isRepeatable, losses < 5 {
                    // As many as there may be idle connections to a server that was restarted.
                    losses += 1
                } else {
                    throw StoreError(error)
                }
            }
        }
    }

    /// Reads rows, in a transaction that begins with `first`.
    func read<Value: Sendable>(
        _ query: PostgresQuery, _ operation: String, after first: [PostgresQuery] = [], on pool: ConnectionPool? = nil,
        _ body: (PostgresRow) throws(PostgresError) -> Value
    ) async throws(StoreError) -> [Value] {
        let rows = try await run(first + [query], operation, isRepeatable: true, on: pool).last
        do throws(PostgresError) {
            return try rows?.map(body) ?? []
        } catch {
            throw StoreError(error)
        }
    }

    /// To be called after each statement that leaves deltas of counts: folds them now and then. By chance, because a command
    /// that submits one task counts to one.
    func foldSometimes() async {
        guard Int.random(in: 0..<max(1, options.foldsOneIn)) == 0 else { return }
        await fold()
    }

    /// Folds deltas. What fails here is folded the next time, and so is what a crash of the server takes back: nobody waits
    /// for the disk.
    func fold() async {
        let queries = [
            PostgresQuery(PostgresSQL.withoutFlush), PostgresQuery(PostgresSQL.foldCounts),
            PostgresQuery(PostgresSQL.foldChanges, [clock]),
        ]
        _ = try? await pool.run(queries, operation: "fold counts")
    }

    package func changeToken() async throws(StoreError) -> Int64 {
        try await read(PostgresQuery(PostgresSQL.changeToken), "look for changes") { row throws(PostgresError) in
            try row.int(0)
        }.first ?? 0
    }
}

/// Parts that statements share.
enum PostgresSQL {
    /// The time, as a row of its own: that of a test when `$n` isn't NULL.
    static func clock(_ parameter: Int) -> String {
        """
        clock AS MATERIALIZED (
            SELECT coalesce($\(parameter)::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS now)
        """
    }

    /// Whether two keys are the same, the first of which has an index. As an equality that can't order rows, so that the row is
    /// always looked up: of a table that was empty when it was looked at, the planner would rather read the whole index.
    static func same(_ key: String, _ other: String) -> String { "\(key) = ANY (ARRAY[\(other)])" }

    /// When a task expires that is put into its queue `now`: `ttl` in seconds, NULL for never.
    static func expiry(ttl: String) -> String {
        """
        CASE WHEN \(ttl) IS NOT NULL THEN least(\(StoredTime.latestMilliseconds),
            now + (least(greatest(\(ttl), 0), 1e12) * 1000)::bigint) END
        """
    }

    /// Counts a change that others may see, when `condition` holds. One row for each store object, so that stores don't wait
    /// for each other. The condition counts all rows that the statement locks first, because the order in which rows are
    /// locked must be the same everywhere: this one comes last.
    static func bump(_ writer: Int, when condition: String) -> String {
        """
        bump AS (
            INSERT INTO acode.change AS c (writer, number, at) SELECT $\(writer)::bigint, 1, now FROM clock WHERE \(condition)
            ON CONFLICT (writer) DO UPDATE SET number = c.number + 1, at = excluded.at)
        """
    }

    /// Numbers only grow, so a sum of them changes with each.
    static let changeToken = "SELECT coalesce(sum(number), 0)::bigint FROM acode.change"

    /// Lets a transaction end before it is on the disk.
    static let withoutFlush = "SELECT \(unflushed)"
    /// As an expression.
    static let unflushed = "set_config('synchronous_commit', 'off', true)"

    /// Adds the deltas up. Only one at a time; what others add meanwhile is for the next.
    static let foldCounts = """
        WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(\(PostgresSchema.lock + 1)) AS mine),
        gone AS (DELETE FROM acode.count_delta d USING turn WHERE turn.mine RETURNING d.queue, d.state, d.change)
        INSERT INTO acode.queue_count AS q (queue, state, count)
        SELECT queue, state, sum(change) FROM gone GROUP BY queue, state HAVING sum(change) <> 0 ORDER BY queue, state
        ON CONFLICT (queue, state) DO UPDATE SET count = q.count + excluded.count
        """

    /// Adds up the rows of stores that have written nothing for an hour. The sum, which is what others look at, stays.
    static let foldChanges = """
        WITH \(clock(1)),
        turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(\(PostgresSchema.lock + 2)) AS mine),
        gone AS (
            DELETE FROM acode.change c USING turn, clock
            WHERE turn.mine AND c.writer <> 0 AND c.at < now - 3600000 RETURNING c.number)
        INSERT INTO acode.change AS c (writer, number, at)
        SELECT 0, sum(number), 0 FROM gone HAVING count(*) > 0
        ON CONFLICT (writer) DO UPDATE SET number = c.number + excluded.number
        """
}

extension PostgresValue {
    /// A text of any origin, as `StoredText` keeps it.
    static func clean(_ text: String?) -> PostgresValue { .text(StoredText.clean(text)) }
}
