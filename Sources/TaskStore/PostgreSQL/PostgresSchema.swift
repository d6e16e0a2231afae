/// The tables, and how a database of any age comes to have them. All are in the schema `acode` and named with it, so that
/// nothing depends on the settings of a session.
///
/// A task that isn't over is in exactly one of `ready`, `scheduled` and `lease`, one that went wrong is in `parked`: whoever
/// deletes that row moves the task, and nobody else can. `task_state` has no index but its key, so that an update of a row
/// stays in its page, and while an attempt runs, its row is `lease`'s alone: a claim writes no other, an end writes the
/// task's state. There it stays with the task that it ended; only attempts which others follow have rows of their own, in
/// `attempt`. `task_now` and `attempt_now` put this together for those who read. Where a task waits, its `lane` says which
/// image it names, so that a claim can pass tasks over by it however many there are, and `expire_at` when it is too late to
/// begin it. Histories are only added to. Counts are deltas that are folded now and then, because a counter that everybody
/// updates would make everybody wait. That a task was submitted, claimed, started and completed is told by the rows that say
/// so anyway, with the place it has among the events: `timeline` has them all. What changes in a row stands at its end,
/// because the log of the server has of a new version only what lies between what stayed; and what always has eight bytes stands
/// before what has one, because the log has the gaps between them, too. Tables whose rows are updated
/// leave room in their pages, so that a new version needs no new entry in an index. Times are milliseconds since 1970. No
/// foreign keys on hot tables.
enum PostgresSchema {
    /// The version this program writes.
    static var version: Int { migrations.count }
    /// Each brings a database from the version of its index to the next. Never edit one that was released: add another.
    static let migrations = [first]

    /// The key of the advisory lock that migrations take: "acode".
    static let lock: Int64 = 0x61_63_6f_64_65
    /// The first halves of the keys of advisory locks of limited queues and of unique keys, which have a space of their own.
    static let (queueLocks, uniqueLocks): (Int32, Int32) = (0x61_63_6f_64, 0x61_63_6f_65)

    /// What a session of the queue sets: plans that don't change with the size of tables. A planner that sees an empty table
    /// chooses to read all of it, and stays with that when it has grown. And each statement sees what was done before it: who
    /// waits for a lock has to see what those did who had it.
    ///
    /// - Parameter timeout: how long the caller waits for an answer. The server gives up before, so that it never works for
    ///   nobody, and the caller learns that nothing was done.
    static func session(timeout: Duration) -> [String: String] {
        let most = Int(timeout / .milliseconds(1))
        return [
            "plan_cache_mode": "force_generic_plan", "jit": "off", "enable_seqscan": "off", "enable_hashjoin": "off",
            "enable_mergejoin": "off", "enable_bitmapscan": "off", "statement_timeout": "\(most * 5 / 6)",
            "lock_timeout": "\(most * 2 / 3)", "idle_in_transaction_session_timeout": "60s",
            "default_transaction_isolation": "read committed",
        ]
    }

    private static let hot =
        "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, vacuum_truncate = false, "
        + "autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.2"

    /// The columns about an attempt that the rows of tasks have, too. `started_at` is by the clock of its supervisor, `noted_at`
    /// when the store heard of it, if that was before the end.
    private static let lastAttempt = """
        claimed_at bigint,
            claimed_seq bigint,
            started_seq bigint,
            noted_at bigint,
            completed_seq bigint,
            ended_token bigint,
            claimant integer,
            first_claimant integer,
            wall_seconds double precision,
            cpu_seconds double precision,
            max_resident_bytes bigint,
            output_bytes bigint,
            output_dropped bigint,
            report text,
            result text
        """

    private static let first = """
        CREATE TABLE acode.task (
            id uuid PRIMARY KEY,
            created_at bigint NOT NULL,
            unique_key text COLLATE "C",
            spec text NOT NULL,
            type text COLLATE "C"
        );
        CREATE INDEX task_of_type ON acode.task (type, id) WHERE type IS NOT NULL;
        CREATE TABLE acode.task_state (
            id uuid PRIMARY KEY,
            seq bigint NOT NULL,
            rank bigint NOT NULL,
            ttl double precision,
            least_hold bigint,
            container boolean NOT NULL,
            cancel_requested boolean NOT NULL DEFAULT false,
            queue text COLLATE "C" NOT NULL,
            lane text COLLATE "C" NOT NULL,
            state text COLLATE "C" NOT NULL,
            attempt integer NOT NULL DEFAULT 0,
            deliveries integer NOT NULL DEFAULT 0,
            failures integer NOT NULL DEFAULT 0,
            interruptions integer NOT NULL DEFAULT 0,
            run_at bigint NOT NULL,
            expire_at bigint,
            checkpoint_phase bigint,
            checkpoint_at bigint,
            progress double precision,
            outcome text,
            exit_code bigint,
            reason text,
            worker text,
            started_at bigint,
            finished_at bigint,
            \(lastAttempt)
        ) WITH (fillfactor = 30, \(hot));
        CREATE SEQUENCE acode.seq CACHE 1;
        CREATE TABLE acode.ready (
            rank bigint NOT NULL,
            seq bigint NOT NULL,
            id uuid NOT NULL,
            container boolean NOT NULL,
            queue text COLLATE "C" NOT NULL,
            lane text COLLATE "C" NOT NULL,
            expire_at bigint,
            PRIMARY KEY (queue, container, lane, rank, seq)
        ) WITH (\(hot));
        CREATE INDEX ready_expiring ON acode.ready (expire_at) WHERE expire_at IS NOT NULL;
        CREATE TABLE acode.scheduled (
            id uuid PRIMARY KEY,
            run_at bigint NOT NULL,
            queue text COLLATE "C" NOT NULL,
            expire_at bigint
        ) WITH (\(hot));
        CREATE INDEX scheduled_due ON acode.scheduled (run_at);
        CREATE INDEX scheduled_queue ON acode.scheduled (queue, run_at);
        CREATE INDEX scheduled_expiring ON acode.scheduled (expire_at) WHERE expire_at IS NOT NULL;
        CREATE TABLE acode.claimant (
            number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            supervisor text COLLATE "C" NOT NULL,
            host text COLLATE "C" NOT NULL,
            installation text,
            UNIQUE (supervisor, host)
        );
        CREATE TABLE acode.lease (
            id uuid PRIMARY KEY,
            token bigint NOT NULL,
            claimed_at bigint NOT NULL,
            claimed_seq bigint NOT NULL,
            attempt integer NOT NULL,
            claimant integer NOT NULL,
            lease_until bigint NOT NULL,
            hard_until bigint,
            cancel_requested boolean NOT NULL DEFAULT false,
            origin bigint,
            first_claimant integer,
            worker text,
            started_at bigint,
            started_seq bigint,
            noted_at bigint,
            progress double precision
        ) WITH (fillfactor = 60, \(hot));
        CREATE TABLE acode.parked (
            state text COLLATE "C" NOT NULL,
            id uuid NOT NULL,
            PRIMARY KEY (state, id)
        );
        CREATE TABLE acode.attempt (
            id uuid NOT NULL,
            attempt integer NOT NULL,
            progress double precision,
            outcome text,
            exit_code bigint,
            reason text,
            worker text,
            started_at bigint,
            finished_at bigint,
            \(lastAttempt),
            PRIMARY KEY (id, attempt)
        );
        CREATE TABLE acode.event (
            sequence bigint NOT NULL DEFAULT nextval('acode.seq'),
            id uuid NOT NULL,
            attempt integer NOT NULL,
            kind text NOT NULL,
            message text NOT NULL,
            at bigint NOT NULL
        );
        CREATE INDEX event_task ON acode.event (id, sequence);
        CREATE VIEW acode.attempt_now AS
            SELECT \(PostgresAttempt.columns(of: "a")) FROM acode.attempt a
            UNION ALL
            SELECT \(PostgresAttempt.columns(of: "s")) FROM acode.task_state s WHERE s.claimed_at IS NOT NULL
            UNION ALL
            SELECT \(PostgresAttempt.columnsOfLease) FROM acode.lease l;
        CREATE VIEW acode.task_now AS
            SELECT s.id, s.seq, s.queue, s.run_at, s.ttl, s.expire_at, s.failures, s.interruptions, s.outcome,
                s.exit_code, s.reason, s.finished_at, s.checkpoint_phase, s.checkpoint_at,
                CASE WHEN l.id IS NULL THEN s.state ELSE 'inProgress' END AS state,
                coalesce(l.attempt, s.attempt) AS attempt,
                CASE WHEN l.id IS NULL THEN s.deliveries ELSE s.deliveries + 1 END AS deliveries,
                s.cancel_requested OR coalesce(l.cancel_requested, false) AS cancel_requested,
                CASE WHEN l.id IS NULL THEN s.progress ELSE l.progress END AS progress,
                CASE WHEN l.id IS NULL THEN s.worker ELSE l.worker END AS worker,
                CASE WHEN l.id IS NULL THEN s.started_at ELSE l.started_at END AS started_at
            FROM acode.task_state s LEFT JOIN acode.lease l ON \(PostgresSQL.same("l.id", "s.id"));
        CREATE VIEW acode.timeline AS
            SELECT s.id, s.seq AS sequence, 0 AS attempt, 'submitted' AS kind,
                'submitted to queue ' || s.queue AS message, t.created_at AS at
            FROM acode.task_state s JOIN acode.task t ON t.id = s.id
            UNION ALL
            SELECT a.id, a.claimed_seq, a.attempt, 'claimed',
                'attempt ' || a.attempt || ' claimed by ' || \(PostgresClaimantSQL.host(
                    "coalesce(a.first_claimant, a.claimant)")), a.claimed_at
            FROM acode.attempt_now a
            UNION ALL
            SELECT a.id, a.started_seq, a.attempt, 'started', 'runs on worker ' || a.worker,
                coalesce(a.noted_at, a.finished_at)
            FROM acode.attempt_now a WHERE a.started_seq IS NOT NULL
            UNION ALL
            SELECT a.id, a.completed_seq, a.attempt, 'completed', a.reason, a.finished_at
            FROM acode.attempt_now a WHERE a.completed_seq IS NOT NULL
            UNION ALL
            SELECT e.id, e.sequence, e.attempt, e.kind, e.message, e.at FROM acode.event e;
        CREATE TABLE acode.checkpoint (
            id uuid NOT NULL,
            number bigint NOT NULL,
            attempt bigint NOT NULL,
            phase bigint NOT NULL,
            data text,
            artifacts text,
            shelf text,
            host text,
            at bigint NOT NULL,
            discarded boolean NOT NULL DEFAULT false,
            PRIMARY KEY (id, number)
        );
        CREATE TABLE acode.queue_control (
            queue text COLLATE "C" PRIMARY KEY,
            paused_at bigint,
            paused_by text,
            pause_reason text,
            max_running bigint
        );
        CREATE TABLE acode.unique_claim (
            queue text COLLATE "C" NOT NULL,
            key text COLLATE "C" NOT NULL,
            id uuid NOT NULL,
            PRIMARY KEY (queue, key)
        );
        CREATE INDEX unique_task ON acode.unique_claim (id);
        CREATE TABLE acode.queue_count (
            queue text COLLATE "C" NOT NULL,
            state text COLLATE "C" NOT NULL,
            count bigint NOT NULL,
            PRIMARY KEY (queue, state)
        );
        CREATE TABLE acode.count_delta (
            queue text COLLATE "C" NOT NULL,
            state text COLLATE "C" NOT NULL,
            change bigint NOT NULL
        ) WITH (\(hot));
        CREATE TABLE acode.change (
            writer bigint PRIMARY KEY,
            number bigint NOT NULL,
            at bigint NOT NULL
        ) WITH (fillfactor = 50, \(hot));
        CREATE TABLE acode.identity (id uuid PRIMARY KEY);
        INSERT INTO acode.identity VALUES (gen_random_uuid());
        CREATE TABLE acode.audit (
            sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            at bigint NOT NULL,
            author text NOT NULL,
            uid bigint NOT NULL,
            host text NOT NULL,
            command text NOT NULL,
            action text NOT NULL,
            task uuid,
            queue text COLLATE "C",
            detail text NOT NULL,
            reason text
        );
        CREATE INDEX audit_task ON acode.audit (task) WHERE task IS NOT NULL;
        CREATE TABLE acode.supervisor (
            id text COLLATE "C" PRIMARY KEY,
            pool text NOT NULL,
            installation text NOT NULL,
            boot text NOT NULL,
            host text NOT NULL,
            address text,
            pid bigint NOT NULL,
            started_at bigint NOT NULL,
            seen_at bigint NOT NULL,
            queues text
        );
        CREATE TABLE acode.worker (
            id text COLLATE "C" PRIMARY KEY,
            pool text NOT NULL,
            supervisor text NOT NULL,
            installation text COLLATE "C" NOT NULL,
            host text NOT NULL,
            mode text NOT NULL,
            container_name text,
            container_id text,
            profile text NOT NULL,
            created_at bigint NOT NULL,
            blueprint text
        );
        """
}
