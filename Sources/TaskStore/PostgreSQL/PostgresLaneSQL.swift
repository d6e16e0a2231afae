/// The parts of a claim that say where it looks, and how much of each lane it takes. A lane is a queue, a kind of isolation and
/// an image: the key of `ready` has the tasks of each in order, so that a claim looks at each lane that it may take from,
/// however many tasks wait there. Parameters are those of `PostgresClaimSQL.claim`.
enum PostgresLaneSQL {
    /// What a claim says of the turns of queues.
    struct Turns {
        var most = ""
        var columns = ""
        var join = ""
        var lane = ""
        var best = ""
        var own = ""
        var order = ""

        static let none = Turns()
        /// `$13` the queues, `$14` where they stand, `$15` how far apart their tasks do, `$18` how many of them may be taken;
        /// `$16` and `$17` where the others stand.
        static let counting = Turns(
            most: ", w.most",
            columns: ", coalesce(w.start, $16::float8) AS start, coalesce(w.step, $17::float8) AS step",
            join: " LEFT JOIN unnest($13::text[], $14::float8[], $15::float8[], $18::bigint[])"
                + " AS w (queue, start, step, most)"
                + " ON w.queue COLLATE \"C\" = q.queue",
            lane: ", o.start, o.step", best: ", l.start, l.step", own: ", start, step",
            order: "b.start + b.number * b.step, ")
    }

    /// What a claim by age says of priorities: the oldest are among the first of each.
    struct Level {
        var lane = ""
        var join = ""
        var only = ""
        var own = ""

        static let none = Level()
        static let own = Level(
            lane: ", level.rank AS level",
            join: " CROSS JOIN LATERAL (\(steps("rank", of: "\(ofLane) AND r.lane = lane.lane"))) AS level",
            only: " AND r.rank = l.level", own: ", level")
    }

    /// The queues of which a claim takes, as `queues`.
    static func queues(_ queues: PostgresClaimSQL.Shape.Queues) -> String {
        switch queues {
        case .named: "queues AS MATERIALIZED (SELECT unnest($1::text[]) COLLATE \"C\" AS queue)"
        // Goes from one queue in the index to the next, instead of reading all that waits.
        case .all:
            """
            walk AS (
                (SELECT r.queue FROM acode.ready r ORDER BY r.queue LIMIT 1)
                UNION ALL
                SELECT (SELECT r.queue FROM acode.ready r WHERE r.queue > walk.queue ORDER BY r.queue LIMIT 1)
                FROM walk WHERE walk.queue IS NOT NULL),
            queues AS MATERIALIZED (SELECT queue FROM walk WHERE queue IS NOT NULL)
            """
        }
    }

    /// Joins the lanes of a queue `o` and a kind of isolation, by their images.
    static func lanes(_ images: PostgresClaimSQL.Shape.Images) -> String {
        switch images {
        case .only: " CROSS JOIN unnest($10::text[]) AS lane (lane)"
        case .allBut:
            """
             CROSS JOIN LATERAL (
                SELECT own.lane FROM (\(steps("lane", of: ofLane))) AS own WHERE NOT own.lane = ANY ($10::text[])) AS lane
            """
        }
    }

    private static let ofLane = "r.queue = o.queue AND r.container = kind.container"

    /// The different values of a column of what waits: goes from one in the index to the next, instead of reading all.
    private static func steps(_ column: String, of condition: String) -> String {
        """
        WITH RECURSIVE step AS (
            (SELECT r.\(column) FROM acode.ready r WHERE \(condition) ORDER BY r.\(column) LIMIT 1)
            UNION ALL
            SELECT (
                SELECT r.\(column) FROM acode.ready r WHERE \(condition) AND r.\(column) > step.\(column)
                ORDER BY r.\(column) LIMIT 1)
            FROM step WHERE step.\(column) IS NOT NULL)
        SELECT step.\(column) FROM step WHERE step.\(column) IS NOT NULL
        """
    }

    /// How many of each lane are among the best. Only so many are locked, or a claim that takes a few would keep from others what
    /// it leaves; and where there is one lane only, nobody need look twice.
    ///
    /// A few of each lane tell how far down the best can be at most, so that not all lanes are read as far as if they had all of
    /// them. With turns the places of those few say nothing, and without priorities their ranks don't.
    static func shares(_ turns: Turns, _ level: Level, _ order: (String) -> String) -> String {
        """
        sample AS MATERIALIZED (
            SELECT w.rank, w.seq, l.room, row_number() OVER (PARTITION BY l.queue ORDER BY w.rank, w.seq) AS number
            FROM lanes l CROSS JOIN LATERAL (
                SELECT r.rank, r.seq FROM acode.ready r WHERE \(waiting)
                ORDER BY r.rank, r.seq LIMIT least(l.room, $3::bigint / (SELECT count(*) FROM lanes) + 2)) AS w
            WHERE \(turns.order.isEmpty && level.own.isEmpty) AND (SELECT count(*) FROM lanes) > 1),
        bound AS MATERIALIZED (
            SELECT s.rank, s.seq FROM sample s WHERE s.number <= s.room ORDER BY s.rank, s.seq LIMIT 1 OFFSET $3::bigint - 1),
        shares AS MATERIALIZED (
            SELECT l.*, l.room AS share FROM lanes l WHERE (SELECT count(*) FROM lanes) = 1
            UNION ALL
            SELECT queue, room\(turns.own), container, lane\(level.own), count(*) FROM (
                SELECT b.* FROM (
                    SELECT l.*, w.rank, w.seq, row_number() OVER (PARTITION BY l.queue ORDER BY \(order("w"))) AS number
                    FROM lanes l CROSS JOIN LATERAL (
                        (SELECT r.rank, r.seq FROM acode.ready r
                        WHERE \(waiting)\(level.only) AND r.rank < \(bound("rank"))
                        ORDER BY r.rank, r.seq LIMIT l.room)
                        UNION ALL
                        (SELECT r.rank, r.seq FROM acode.ready r
                        WHERE \(waiting)\(level.only) AND r.rank = \(bound("rank")) AND r.seq <= \(bound("seq"))
                        ORDER BY r.seq LIMIT l.room)) AS w
                    WHERE (SELECT count(*) FROM lanes) > 1) AS b
                WHERE b.number <= b.room ORDER BY \(turns.order)\(order("b")) LIMIT $3::bigint) AS first
            GROUP BY queue, room\(turns.own), container, lane\(level.own))
        """
    }

    /// Some of each lane, as much as is wanted in all and a little more: what is locked is kept from others for as long.
    static let evenShares = """
        shares AS MATERIALIZED (
            SELECT l.*, least(l.room, $3::bigint / (SELECT count(*) FROM lanes) + 2) AS share FROM lanes l)
        """

    /// How many of these are the best of all: no more than were looked at in one lane, where all the best may be.
    static let evenMost = "least($3::bigint, (SELECT max(share) FROM shares))"

    /// Compared by themselves, because an index is read on to its end for a row that is compared as one.
    private static func bound(_ column: String) -> String { "coalesce((SELECT \(column) FROM bound), \(Int64.max))" }

    /// What of a lane `l` may be taken.
    static let waiting = """
        r.queue = l.queue AND r.container = l.container AND r.lane = l.lane
            AND (r.expire_at IS NULL OR r.expire_at > (SELECT now FROM clock))
        """
}
