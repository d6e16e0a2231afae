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
        \(stored(.many, delayed: true))
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

    /// How many drafts a statement stores, which decides how it reads them.
    enum Number {
        /// One, whose parameters are values. A dozen arrays of one each cost the server more than all the rest.
        case one
        /// Any number, whose parameters are arrays.
        case many

        fileprivate var drafts: String {
            switch self {
            case .one:
                """
                (SELECT $1::uuid AS id, $2::text AS spec, $3::text AS queue, $4::boolean AS container, $5::bigint AS rank,
                    $6::bigint AS delay, $7::boolean AS pending, $8::text AS lane, $9::double precision AS ttl,
                    $10::text AS key, $15::bigint AS hold, $16::text AS type) AS j
                """
            case .many:
                """
                unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[], $7::boolean[],
                    $8::text[], $9::double precision[], $10::text[], $15::bigint[], $16::text[])
                    AS j (id, spec, queue, container, rank, delay, pending, lane, ttl, key, hold, type)
                """
            }
        }
        /// Of the tasks `fresh`, how many are in each queue and state.
        fileprivate var counts: String {
            let columns = "SELECT queue, CASE WHEN pending THEN 'pending' ELSE 'enqueued' END"
            return switch self {
            case .one: "\(columns), 1 FROM fresh"
            case .many: "\(columns), count(*) FROM fresh GROUP BY 1, 2"
            }
        }
        /// Whether anything changes.
        fileprivate var isSome: String { self == .one ? "true" : "(SELECT count(*) FROM fresh) > 0" }
    }

    /// As `accept` when no draft has a key: then nothing is to be looked up, and all are new. Returns the time.
    ///
    /// - Parameter delayed: whether some of them wait for their time.
    static func acceptAll(_ number: Number, delayed: Bool) -> String {
        switch number {
        case .one: delayed ? acceptOne : acceptOneReady
        case .many: delayed ? acceptMany : acceptManyReady
        }
    }

    private static let acceptOne = text(.one, delayed: true)
    private static let acceptOneReady = text(.one, delayed: false)
    private static let acceptMany = text(.many, delayed: true)
    private static let acceptManyReady = text(.many, delayed: false)

    private static func text(_ number: Number, delayed: Bool) -> String {
        """
        WITH \(PostgresSQL.clock(13)),
        fresh AS MATERIALIZED (SELECT j.*, \(made) FROM \(number.drafts) CROSS JOIN clock),
        \(stored(number, delayed: delayed))
        \(PostgresSQL.bump(14, when: number.isSome))
        SELECT now FROM clock
        """
    }

    /// What is decided about a new task `j`.
    private static let made = """
        nextval('acode.seq') AS seq, least($12::bigint, now + j.delay) AS run_at,
        \(PostgresSQL.expiry(ttl: "j.ttl")) AS expire_at
        """

    /// Stores the tasks `fresh`. Most are due at once, and are spared what is for others.
    private static func stored(_ number: Number, delayed: Bool) -> String {
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
            \(number.counts)),
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
