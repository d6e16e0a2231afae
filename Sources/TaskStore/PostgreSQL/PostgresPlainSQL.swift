/// The claim of most moments: all that waits, or all of the one queue that is named, is in one lane, and nothing was said of its
/// queue. It costs the server half as much as looking everywhere, and spares it the locks of queues with limits.
enum PostgresPlainSQL {
    /// A claim for where nothing in the index comes after the lane of the first. Elsewhere the answer has 3 as its last value.
    ///
    /// - Parameter shape: one that may be plain.
    static func claim(_ shape: PostgresClaimSQL.Shape) -> String { texts[shape] ?? text(shape) }

    private static let texts = Dictionary(
        uniqueKeysWithValues: PostgresClaimSQL.Shape.all.filter(\.mayBePlain).map { ($0, text($0)) })

    private static func text(_ shape: PostgresClaimSQL.Shape) -> String {
        """
        WITH \(PostgresSQL.clock(7)), \(PostgresClaimantSQL.isKnown),
        first AS MATERIALIZED (
            SELECT r.queue, r.container, r.lane FROM acode.ready r WHERE \(isAskedFor(shape.queues))
            ORDER BY r.queue, r.container, r.lane, r.rank, r.seq LIMIT 1),
        obstacle AS MATERIALIZED (
            SELECT CASE WHEN NOT (SELECT is_there FROM known) THEN 2 WHEN \(PostgresClaimSQL.isDue) THEN 1
                WHEN EXISTS (SELECT FROM acode.ready r WHERE \(isBeyond(shape.queues))) OR EXISTS (
                    SELECT FROM acode.queue_control c WHERE c.queue = (SELECT queue FROM first)
                        AND (c.paused_at IS NOT NULL OR c.max_running IS NOT NULL)) THEN 3 END::bigint AS kind),
        lanes AS MATERIALIZED (
            SELECT f.queue, f.container, f.lane FROM first f
            WHERE (SELECT kind IS NULL FROM obstacle) AND f.container = ANY ($2::boolean[])
                AND \(shape.images == .only ? "" : "NOT ")f.lane = ANY ($10::text[])),
        picked AS MATERIALIZED (
            SELECT found.at, row_number() OVER (ORDER BY found.rank, found.seq) AS place
            FROM lanes l CROSS JOIN LATERAL (
                SELECT r.ctid AS at, r.rank, r.seq FROM acode.ready r WHERE \(PostgresLaneSQL.waiting)
                ORDER BY r.rank, r.seq LIMIT $3::bigint FOR UPDATE SKIP LOCKED) AS found),
        \(PostgresTakeSQL.take) UNION ALL
        \(PostgresTakeSQL.answer("""
            kind FROM obstacle WHERE kind IS NOT NULL OR (NOT EXISTS (SELECT FROM picked) AND EXISTS (
                SELECT FROM lanes l CROSS JOIN LATERAL (
                    SELECT FROM acode.ready r WHERE \(PostgresLaneSQL.waiting) LIMIT 1) AS other))
            """))
        """
    }

    /// Others' parts of the index aren't read: a transaction that stays open may keep what they had there.
    private static func isAskedFor(_ queues: PostgresClaimSQL.Shape.Queues) -> String {
        queues == .all ? "true" : "r.queue = ($1::text[])[1]"
    }

    /// Compared as a row, so that the index is read from the end of the lane.
    private static func isBeyond(_ queues: PostgresClaimSQL.Shape.Queues) -> String {
        let rest = "(SELECT container FROM first), (SELECT lane FROM first)"
        return switch queues {
        case .all: "row(r.queue, r.container, r.lane) > row((SELECT queue FROM first), \(rest))"
        case .named: "\(isAskedFor(queues)) AND row(r.container, r.lane) > row(\(rest))"
        }
    }
}
