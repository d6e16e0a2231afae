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

    /// Whether tasks are due that have to be moved into their queues first, unless `$19` says that this was done. Moving takes a
    /// statement of its own, which most claims are spared by asking.
    static let isDue = """
        NOT $19::boolean AND EXISTS (SELECT FROM acode.scheduled c WHERE c.run_at <= (SELECT now FROM clock))
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

        /// Whether `PostgresPlainSQL` has a statement for it.
        var mayBePlain: Bool { !hasTurns && !byAge && !isLookingFurther }

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
            due AS MATERIALIZED (SELECT \(isDue) AS is_there),
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
            \(PostgresTakeSQL.take) UNION ALL
            \(PostgresTakeSQL.answer("""
                (SELECT CASE WHEN NOT known.is_there THEN 2 WHEN due.is_there THEN 1 END::bigint FROM due, known)
                WHERE NOT EXISTS (SELECT FROM best) AND (
                    EXISTS (SELECT FROM due, known WHERE due.is_there OR NOT known.is_there) OR EXISTS (
                    SELECT FROM lanes l CROSS JOIN LATERAL (
                        SELECT FROM acode.ready r WHERE \(PostgresLaneSQL.waiting) LIMIT 1) AS other))
                """))
            """
    }
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
