internal import TaskModel

/// The statements of a claim, which have to use their indexes however large or small the tables are; a test explains them.
enum PostgresClaimSQL {
    /// Bounds how long one claim takes; the next goes on.
    static let promotedAtOnce = 5000
    /// Bounds what one claim can take.
    static let claimedAtOnce = 1000

    /// Keeps changes of queues out, and does not wait for the disk: what a crash of the server takes back was claimed by nobody,
    /// because the token is gone with it, and every end that is written carries the claim along.
    static let begin = "\(PostgresQueueSQL.share), \(PostgresSQL.unflushed)"

    /// Moves what is due into the queue.
    static let promote = """
        WITH \(PostgresSQL.clock(1)),
        due AS MATERIALIZED (
            SELECT c.id FROM acode.scheduled c WHERE c.run_at <= (SELECT now FROM clock)
            ORDER BY c.run_at LIMIT \(promotedAtOnce) FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM acode.scheduled c USING due WHERE \(PostgresSQL.same("c.id", "due.id")) RETURNING c.id),
        moved AS (
            UPDATE acode.task_state s SET state = 'enqueued' FROM gone WHERE \(PostgresSQL.same("s.id", "gone.id"))
            RETURNING s.queue, s.container, s.rank, s.seq, s.id, s.lane, s.expire_at),
        readied AS (
            INSERT INTO acode.ready (queue, container, rank, seq, id, lane, expire_at)
            SELECT queue, container, rank, seq, id, lane, expire_at FROM moved),
        counted AS (
            INSERT INTO acode.count_delta (queue, state, change)
            SELECT queue, state, CASE state WHEN 'pending' THEN -count(*) ELSE count(*) END
            FROM moved, (VALUES ('pending'), ('enqueued')) AS v (state) GROUP BY queue, state),
        \(PostgresSQL.bump(2, when: "(SELECT count(*) FROM moved) > 0"))
        SELECT count(*), \(PostgresSignal.announcing(all: "moved")) FROM moved
        """

    /// What a claim is particular about, which decides where it looks.
    struct Shape: Hashable {
        /// Of which queues.
        enum Queues: CaseIterable { case named, all }
        /// Of which images.
        enum Images: CaseIterable { case only, allBut }

        let queues: Queues
        let images: Images
        /// Whether queues have their turns.
        var hasTurns = false
        /// Whether the oldest come first.
        var byAge = false
        /// Whether each lane is looked at for as much as may be taken of it: others are just taking the best of all.
        var isLookingFurther = false

        static let all = Queues.allCases.flatMap { queues in
            Images.allCases.flatMap { images in
                [false, true].flatMap { hasTurns in
                    [false, true].flatMap { byAge in
                        [false, true].map {
                            Shape(
                                queues: queues, images: images, hasTurns: hasTurns, byAge: byAge, isLookingFurther: $0)
                        }
                    }
                }
            }
        }
    }

    /// Best priority first, then oldest, over all lanes. What others are just taking is passed over, and so is what a
    /// paused queue has, what is too late to begin, and what a queue with a limit may not run.
    static func claim(_ shape: Shape) -> String { texts[shape] ?? text(shape) }

    private static let texts = Dictionary(uniqueKeysWithValues: Shape.all.map { ($0, text($0)) })

    private static func text(_ shape: Shape) -> String {
        let turns = shape.hasTurns ? PostgresLaneSQL.Turns.counting : .none
        let level = shape.byAge ? PostgresLaneSQL.Level.own : .none
        func order(_ row: String) -> String { shape.byAge ? "\(row).seq" : "\(row).rank, \(row).seq" }
        return """
            WITH RECURSIVE \(PostgresSQL.clock(7)), \(PostgresClaimantSQL.isKnown), \(PostgresLaneSQL.queues(shape.queues)),
            due AS MATERIALIZED (
                SELECT NOT $19::boolean AND EXISTS (
                    SELECT FROM acode.scheduled c WHERE c.run_at <= (SELECT now FROM clock)) AS is_there),
            open AS MATERIALIZED (
                SELECT q.queue, least($3::bigint\(turns.most), (\(PostgresQueueSQL.room(of: "q.queue")))) AS room\(turns.columns)
                FROM queues q\(turns.join)),
            lanes AS MATERIALIZED (
                SELECT o.queue, o.room\(turns.lane), kind.container, lane.lane\(level.lane)
                FROM open o CROSS JOIN unnest($2::boolean[]) AS kind (container)\(PostgresLaneSQL.lanes(shape.images))\(level.join)
                WHERE o.room > 0 AND NOT (SELECT is_there FROM due) AND (SELECT is_there FROM known)),
            \(shape.isLookingFurther ? PostgresLaneSQL.evenShares : PostgresLaneSQL.shares(turns, level, order)),
            best AS MATERIALIZED (
                SELECT found.*, l.room\(turns.best), row_number() OVER (
                    PARTITION BY l.queue ORDER BY \(order("found"))) AS number
                FROM shares l CROSS JOIN LATERAL (
                    SELECT r.ctid AS at, r.rank, r.seq FROM acode.ready r
                    WHERE \(PostgresLaneSQL.waiting)\(level.only)
                    ORDER BY r.rank, r.seq LIMIT l.share FOR UPDATE SKIP LOCKED) AS found),
            picked AS MATERIALIZED (
                SELECT b.at, row_number() OVER (ORDER BY \(turns.order)\(order("b"))) AS place FROM best b
                WHERE b.number <= b.room ORDER BY \(turns.order)\(order("b"))
                LIMIT \(shape.isLookingFurther ? PostgresLaneSQL.evenMost : "$3::bigint")),
            \(take)
            """
    }

    /// For how long a lease can be renewed: `$11`, NULL for ever, or the task's own time limit and `$12`.
    private static func renewable(_ state: String) -> String {
        "CASE WHEN $11::bigint IS NOT NULL THEN least(greatest($11::bigint, \(state).least_hold + $12::bigint), $9::bigint / 2) END"
    }

    /// What a claim leaves as it is.
    private static let stayed = """
        s.id, s.queue, s.run_at, s.failures, s.interruptions, s.cancel_requested, s.outcome, s.exit_code, s.reason, \
        s.finished_at, s.checkpoint_phase, s.checkpoint_at
        """

    /// A claim writes the lease and nothing else about the task.
    ///
    /// The answer is one row without an id when all that was looked at is just being taken by others, who may leave some of it
    /// and tell nobody; with 1 as its last value when tasks are due that have to be moved into their queues first, unless `$19` says
    /// that this was done, and with 2 when the claimant has another number. Moving takes a statement of its own, which most
    /// claims are spared by this.
    private static let take = """
        gone AS (
            DELETE FROM acode.ready r USING picked p WHERE r.ctid = p.at RETURNING r.id, p.place),
        taken AS MATERIALIZED (
            SELECT \(stayed), 'inProgress' AS state, s.attempt + 1 AS attempt, s.deliveries + 1 AS deliveries,
                NULL::double precision AS progress, NULL::text AS worker, NULL::bigint AS started_at,
                gone.place, ($4::bigint[])[gone.place] AS token, \(renewable("s")) AS renewable
            FROM gone JOIN acode.task_state s ON \(PostgresSQL.same("s.id", "gone.id"))),
        leased AS (
            INSERT INTO acode.lease (id, token, claimed_at, claimed_seq, attempt, claimant, cancel_requested, lease_until,
                hard_until)
            SELECT id, token, now, nextval('acode.seq'), attempt, $5::integer, cancel_requested,
                least($9::bigint, now + $6::bigint), now + renewable
            FROM taken, clock),
        counted AS (
            INSERT INTO acode.count_delta (queue, state, change)
            SELECT queue, v.state, v.sign * tasks
            FROM (SELECT queue, count(*) AS tasks FROM taken GROUP BY queue) AS q,
                (VALUES ('enqueued', -1), ('inProgress', 1)) AS v (state, sign)),
        \(PostgresSQL.bump(8, when: "(SELECT count(*) FROM taken) > 0"))
        (SELECT \(PostgresTaskRow.columns), s.token, s.renewable
        FROM taken s JOIN acode.task t ON \(PostgresSQL.same("t.id", "s.id")) ORDER BY s.place)
        UNION ALL
        SELECT \(String(repeating: "NULL, ", count: PostgresTaskRow.count + 1)) (
            SELECT CASE WHEN NOT known.is_there THEN 2 WHEN due.is_there THEN 1 END::bigint FROM due, known)
        WHERE NOT EXISTS (SELECT FROM best) AND (EXISTS (SELECT FROM due, known WHERE due.is_there OR NOT known.is_there) OR EXISTS (
            SELECT FROM lanes l CROSS JOIN LATERAL (
                SELECT FROM acode.ready r WHERE \(PostgresLaneSQL.waiting) LIMIT 1) AS other))
        """
}

extension PostgresClaimSQL.Shape.Images {
    init(_ choice: ImageChoice) {
        switch choice {
        case .only: self = .only
        // All but none.
        case .allBut, .any: self = .allBut
        }
    }
}
