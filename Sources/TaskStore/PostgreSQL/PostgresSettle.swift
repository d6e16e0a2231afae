internal import PostgreSQL
internal import TaskModel

/// Ends of attempts, as columns for one statement.
///
/// What becomes of a task is decided here, by the same pure rules as for every store, and twice: for the case that someone
/// asked it to stop, and for the other. The statement looks which of the two it is when it has the lease's row locked. So
/// nothing is asked beforehand, and nothing can change in between.
struct PostgresEndings {
    /// What an end means in one of the two cases.
    struct Decision {
        var settlement: Settlement
        var reason: String
    }

    private struct End {
        let id: UUIDBytes
        let token: Int64
        let result: AttemptResult
        /// Not asked to stop, asked to stop.
        let decisions: [Decision]
    }

    private var leases: Set<Lease> = []
    private var ends: [End] = []

    /// Adds an end; of two for one lease the first counts.
    mutating func add(_ lease: Lease, _ result: AttemptResult, asked: (Bool) -> Decision) {
        guard let id = UUIDBytes(lease.taskID.rawValue), leases.insert(lease).inserted else { return }
        ends.append(End(id: id, token: lease.token, result: result, decisions: [asked(false), asked(true)]))
    }

    var isEmpty: Bool { ends.isEmpty }

    /// In the order that `PostgresSettleSQL.settle` names them, and by id, because rows are locked in the order in which they
    /// are given.
    var columns: PostgresEndingColumns {
        let ends = ends.sorted { $0.id < $1.id }
        let results = ends.map(\.result)
        let decisions = ends.flatMap(\.decisions)
        var values: [PostgresValue] = [.uuids(ends.map(\.id)), .ints(ends.map(\.token))]
        values.append(.texts(results.map(\.outcome.rawValue)))
        values.append(.ints(results.map { $0.exitCode.map(Int64.init) }))
        values.append(.doubles(results.map { $0.usage?.wallSeconds }))
        values.append(.doubles(results.map { $0.usage?.cpuSeconds }))
        values.append(.ints(results.map { $0.usage?.maxResidentBytes }))
        values.append(.ints(results.map { $0.usage?.outputBytes }))
        values.append(.ints(results.map { $0.usage?.outputDropped }))
        values.append(.texts(results.map { StoredText.cleanNUL($0.report.flatMap(ReportCoding.text(of:))) }))
        values.append(.texts(results.map { StoredText.cleanNUL($0.result) }))
        values.append(.texts(results.map { $0.startedAt == nil ? nil : StoredText.clean($0.worker?.rawValue) }))
        values.append(.ints(results.map { $0.worker == nil ? nil : $0.startedAt.map(StoredTime.milliseconds) }))
        // Two of each from here: `place` 1 and 2 belong to the first end, 3 and 4 to the second, and so on.
        var words = Words()
        values.append(.ints(decisions.map { words.place(of: $0.settlement.state.rawValue) }))
        values.append(.ints(decisions.map(\.settlement.delay)))
        values.append(.ints(decisions.map { Int64($0.settlement.failures) }))
        values.append(.ints(decisions.map { Int64($0.settlement.interruptions) }))
        values.append(.ints(decisions.map { Int64($0.settlement.deliveriesBack) }))
        values.append(.bools(decisions.map(\.settlement.state.isTerminal)))
        values.append(.ints(decisions.map { words.place(of: $0.reason) }))
        // Where the lines of each decision begin, and at the end where another one's would.
        let entries = decisions.map(told)
        let starts = entries.reduce(into: [1]) { $0.append($0[$0.count - 1] + Int64($1.count)) }
        values.append(.ints(starts))
        values.append(.ints(entries.joined().map { words.place(of: $0.kind.rawValue) }))
        values.append(.ints(entries.joined().map { words.place(of: $0.message) }))
        // Of most ends there is none.
        let progress = results.contains { $0.progress != nil } ? results.map { StoredPercent.clean($0.progress) } : []
        return PostgresEndingColumns(values: values, words: .texts(words.texts), progress: .doubles(progress))
    }

    /// The lines that are kept as events: that an attempt completed its task is told with the attempt.
    private func told(_ decision: Decision) -> [Settlement.Entry] {
        decision.settlement.entries.filter { $0.kind != .completed }
    }

    /// Different texts, of which each is sent once: most ends are alike, and the server finds the n-th text of a long array
    /// only by walking over all those before it.
    private struct Words {
        var texts: [String] = []
        private var places: [String: Int64] = [:]

        /// Where a text is, from 1.
        mutating func place(of text: String) -> Int64 {
            if let place = places[text] { return place }
            texts.append(StoredText.clean(text))
            places[text] = Int64(texts.count)
            return Int64(texts.count)
        }
    }
}

/// The values that an ending statement is given.
struct PostgresEndingColumns {
    /// `$1` to `$23`.
    let values: [PostgresValue]
    /// `$28`.
    let words: PostgresValue
    /// `$29`.
    let progress: PostgresValue
}

/// The statement that ends attempts, each in the fence of its own lease. It joins tables by their keys only, and finds what
/// belongs to an end by its place in the arrays, because a join of two lists would compare each with each.
enum PostgresSettleSQL {
    /// `$24` the time, `$25` the writer, `$26` the last time there is, `$27` whether only leases that ran out are
    /// ended, `$28` the words that others name by their places, `$29` how far each had come, or nothing when none said so.
    static let settle = """
        WITH \(PostgresSQL.clock(24)),
        given AS MATERIALIZED (
            SELECT g.* FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::double precision[],
                $6::double precision[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[],
                $13::bigint[]) WITH ORDINALITY
                AS g (id, token, outcome, exit_code, wall_seconds, cpu_seconds, max_resident_bytes, output_bytes,
                    output_dropped, report, result, worker, started_at, n)),
        held AS (
            DELETE FROM acode.lease l USING given g
            WHERE \(PostgresSQL.same("l.id", "g.id")) AND l.token = g.token
                AND (NOT $27::boolean OR l.lease_until <= (SELECT now FROM clock))
            RETURNING l.attempt, l.progress, l.claimed_at, l.claimed_seq, l.claimant, l.first_claimant,
                l.worker AS first_worker, l.started_at AS first_start, l.started_seq AS first_seq, l.noted_at,
                l.cancel_requested,
                g.*, g.n * 2 - CASE WHEN l.cancel_requested THEN 0 ELSE 1 END AS place),
        ended AS MATERIALIZED (
            SELECT h.id, h.attempt, coalesce(($29::double precision[])[h.n], h.progress) AS progress,
                h.outcome, h.exit_code, ($28::text[])[($20::bigint[])[h.place]] AS reason,
                coalesce(h.first_worker, h.worker) AS worker, coalesce(h.first_start, h.started_at) AS started_at,
                clock.now AS finished_at, h.claimed_at, h.claimed_seq,
                CASE WHEN h.first_worker IS NULL AND h.worker IS NOT NULL THEN nextval('acode.seq')
                    ELSE h.first_seq END AS started_seq, h.noted_at,
                CASE WHEN \(state) = '\(TaskState.complete.rawValue)' THEN nextval('acode.seq') END AS completed_seq,
                CASE WHEN h.outcome <> '\(TaskOutcome.leaseLost.rawValue)' THEN h.token END AS ended_token,
                h.claimant, h.first_claimant, h.wall_seconds, h.cpu_seconds, h.max_resident_bytes, h.output_bytes,
                h.output_dropped, h.report, h.result, h.token, \(state) AS state, ($16::bigint[])[h.place] AS failures,
                ($17::bigint[])[h.place] AS interruptions, ($18::bigint[])[h.place] AS deliveries_back,
                ($19::boolean[])[h.place] AS is_over, least($26::bigint, clock.now + ($15::bigint[])[h.place]) AS run_at,
                h.cancel_requested, h.place
            FROM held h CROSS JOIN clock),
        stated AS (
            UPDATE acode.task_state s SET state = e.state, attempt = e.attempt, progress = e.progress,
                outcome = e.outcome, exit_code = e.exit_code, reason = e.reason, worker = e.worker,
                started_at = e.started_at, cancel_requested = e.cancel_requested,
                failures = s.failures + e.failures, interruptions = s.interruptions + e.interruptions,
                deliveries = greatest(0, s.deliveries + 1 - e.deliveries_back),
                run_at = CASE WHEN e.is_over THEN s.run_at ELSE e.run_at END,
                finished_at = CASE WHEN e.is_over THEN e.finished_at END,
                expire_at = CASE WHEN e.is_over OR e.worker IS NOT NULL THEN NULL ELSE s.expire_at END,
                \(PostgresAttempt.kept(from: "e", when: "e.is_over"))
            FROM ended e WHERE \(PostgresSQL.same("s.id", "e.id"))
            RETURNING s.id, s.queue, s.container, s.rank, s.seq, s.state, s.run_at, s.lane, s.expire_at),
        \(PostgresAttempt.setAside(from: "SELECT * FROM ended WHERE NOT is_over", as: "followed")),
        readied AS (
            INSERT INTO acode.ready (queue, container, rank, seq, id, lane, expire_at)
            SELECT queue, container, rank, seq, id, lane, expire_at FROM stated WHERE state = 'enqueued'),
        waiting AS (
            INSERT INTO acode.scheduled (id, run_at, queue, expire_at)
            SELECT id, run_at, queue, expire_at FROM stated WHERE state = 'pending'),
        aside AS (
            INSERT INTO acode.parked (state, id)
            SELECT state, id FROM stated WHERE state IN ('error', 'cancelled')),
        told AS (
            INSERT INTO acode.event (sequence, id, attempt, kind, message, at)
            SELECT nextval('acode.seq'), id, attempt, ($28::text[])[($22::bigint[])[line]],
                ($28::text[])[($23::bigint[])[line]], finished_at FROM (
                SELECT e.id, e.attempt, e.finished_at, line FROM ended e CROSS JOIN LATERAL
                    generate_series(($21::bigint[])[e.place], ($21::bigint[])[e.place + 1] - 1) AS line
                ORDER BY e.place, line) AS entry),
        counted AS (
            INSERT INTO acode.count_delta (queue, state, change)
            SELECT queue, 'inProgress', -count(*) FROM stated GROUP BY queue
            UNION ALL SELECT queue, state, count(*) FROM stated GROUP BY queue, state),
        \(PostgresSQL.bump(25, when: "(SELECT count(*) FROM ended) > 0"))
        SELECT id, attempt, token,
            \(PostgresSignal.announcing(all: freed)) FROM ended
        """

    /// What becomes of the task of an end `h`.
    private static let state = "($28::text[])[($14::bigint[])[h.place]]"

    /// The queues that have tasks again, be it later, or room for more.
    private static let freed = """
        (SELECT queue, bool_or(state IN ('enqueued', 'pending')) AS again FROM stated GROUP BY queue) AS own
        WHERE again OR EXISTS (
            SELECT FROM acode.queue_control c WHERE c.queue = own.queue AND c.max_running IS NOT NULL)
        """

    /// Which of these ends were written before, by a statement whose answer was lost.
    static let written = """
        SELECT g.id, g.attempt, g.token FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS g (id, attempt, token)
        WHERE EXISTS (
            SELECT FROM acode.attempt_now a WHERE a.id = g.id AND a.attempt = g.attempt AND a.ended_token = g.token)
        """
}
