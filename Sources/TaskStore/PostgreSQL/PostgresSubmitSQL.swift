internal import TaskModel

/// The statements that store tasks.
enum PostgresSubmitSQL {
    /// Holds the unique keys `$2` of the queues `$1` until the end of the transaction.
    static let holdKeys = PostgresUniqueSQL.hold(
        "SELECT g.* FROM unnest($1::text[], $2::text[]) AS g (queue, key)")

    /// `$12` the last time there is, `$13` the time, `$14` the writer, `$15` the tasks' own time limits, `$16` their types.
    ///
    /// `first` is the place of the draft that becomes the task of a key: the first which the task that has the key doesn't
    /// keep out. Those before it get that task, those after it the new one. The looks at other tables are queries of their
    /// own and not joins, so that they go by keys whatever the planner believes of the sizes of tables.
    static let accept = """
        WITH \(PostgresSQL.clock(13)),
        given AS MATERIALIZED (
            SELECT g.* FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[],
                $7::boolean[], $8::text[], $9::double precision[], $10::text[], $11::bigint[], $15::bigint[], $16::text[])
                WITH ORDINALITY
                AS g (id, spec, queue, container, rank, delay, pending, lane, ttl, key, span, hold, type, n)),
        asked AS MATERIALIZED (
            SELECT g.*, (
                SELECT u.id FROM acode.unique_claim u WHERE u.queue = g.queue AND u.key = g.key AND (
                    SELECT CASE WHEN s.state IN (\(PostgresUniqueSQL.ended))
                        THEN t.created_at + g.span > clock.now ELSE true END
                    FROM acode.task_state s JOIN acode.task t ON \(PostgresSQL.same("t.id", "s.id")) WHERE s.id = u.id)) AS holder
            FROM given g CROSS JOIN clock),
        judged AS MATERIALIZED (
            SELECT a.*, CASE WHEN a.key IS NULL THEN a.n
                ELSE min(a.n) FILTER (WHERE a.holder IS NULL) OVER (PARTITION BY a.queue, a.key) END AS first
            FROM asked a),
        fresh AS MATERIALIZED (
            SELECT j.*, \(made) FROM (SELECT * FROM judged WHERE n = first ORDER BY n) AS j CROSS JOIN clock),
        \(stored(delayed: true))
        claimed AS (
            INSERT INTO acode.unique_claim (queue, key, id) SELECT queue, key, id FROM fresh WHERE key IS NOT NULL
            ON CONFLICT (queue, key) DO UPDATE SET id = excluded.id RETURNING id),
        \(PostgresSQL.bump(14, when: "(SELECT count(*) FROM fresh) + (SELECT count(*) FROM claimed) > 0"))
        SELECT task.*, clock.now, j.n, j.first FROM judged j CROSS JOIN clock
        LEFT JOIN LATERAL (
            SELECT \(PostgresTaskRow.columns) FROM acode.task t JOIN acode.task_now s ON \(PostgresSQL.same("s.id", "t.id"))
            WHERE t.id = j.holder AND j.n IS DISTINCT FROM j.first OFFSET 0) AS task ON true
        ORDER BY j.n
        """

    /// As `accept` when no draft has a key: then nothing is to be looked up, and all are new. Returns the time.
    ///
    /// - Parameter delayed: whether some of them wait for their time.
    static func acceptAll(delayed: Bool) -> String { delayed ? acceptAny : acceptReady }

    private static let acceptAny = acceptAll(stored(delayed: true))
    private static let acceptReady = acceptAll(stored(delayed: false))

    private static func acceptAll(_ stored: String) -> String {
        """
        WITH \(PostgresSQL.clock(13)),
        fresh AS MATERIALIZED (
            SELECT j.*, \(made)
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[], $7::boolean[],
                $8::text[], $9::double precision[], $10::text[], $15::bigint[], $16::text[])
                AS j (id, spec, queue, container, rank, delay, pending, lane, ttl, key, hold, type) CROSS JOIN clock),
        \(stored)
        \(PostgresSQL.bump(14, when: "(SELECT count(*) FROM fresh) > 0"))
        SELECT now FROM clock
        """
    }

    /// What is decided about a new task `j`.
    private static let made = """
        nextval('acode.seq') AS seq, least($12::bigint, now + j.delay) AS run_at,
        \(PostgresSQL.expiry(ttl: "j.ttl")) AS expire_at
        """

    /// Stores the tasks `fresh`. Most are due at once, and are spared what is for others.
    private static func stored(delayed: Bool) -> String {
        """
        new AS (
            INSERT INTO acode.task (id, created_at, unique_key, spec, type)
            SELECT id, now, key, spec, type FROM fresh, clock),
        stated AS (
            INSERT INTO acode.task_state (id, seq, queue, container, lane, rank, state, run_at, ttl, expire_at,
                least_hold)
            SELECT id, seq, queue, container, lane, rank, CASE WHEN pending THEN 'pending' ELSE 'enqueued' END, run_at,
                ttl, expire_at, hold FROM fresh),
        readied AS (
            INSERT INTO acode.ready (queue, container, rank, seq, id, lane, expire_at)
            SELECT queue, container, rank, seq, id, lane, expire_at FROM fresh\(delayed ? " WHERE NOT pending" : "")),
        \(delayed ? waiting : "")
        counted AS (
            INSERT INTO acode.count_delta (queue, state, change)
            SELECT queue, CASE WHEN pending THEN 'pending' ELSE 'enqueued' END, count(*) FROM fresh GROUP BY 1, 2),
        """
    }

    private static let waiting = """
        waiting AS (
            INSERT INTO acode.scheduled (id, run_at, queue, expire_at)
            SELECT id, run_at, queue, expire_at FROM fresh WHERE pending),
        """

    /// Which of these were stored before, by a statement whose answer was lost, and when.
    static let kept = "SELECT t.id, t.created_at FROM acode.task t WHERE t.id = ANY ($1::uuid[])"
}
