/// The parts of a claim that take the tasks which were `picked`, and what it answers.
enum PostgresTakeSQL {
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
    static let take = """
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
        """

    /// One row without an id, when all that was looked at is just being taken by others, who may leave some of it and tell
    /// nobody; with 1 as its last value when tasks are due that have to be moved into their queues first, with 2 when the
    /// claimant has another number, and with 3 when `PostgresPlainSQL` isn't enough.
    static func answer(_ rest: String) -> String {
        "SELECT \(String(repeating: "NULL, ", count: PostgresTaskRow.count + 1)) \(rest)"
    }
}
