/// The step of the schema after which a task's life writes few rows.
///
/// A claim moves a task from `ready` to `lease` and touches nothing else of it; the end of its last attempt goes into its
/// row of `task_state`. Only attempts that another one follows have a row in `attempt`, and what these tables tell anyway
/// has none in `event`. Whoever reads looks at `task_now`, `attempt_now` and `timeline`, which put it together again.
enum SQLiteLighterLife {
    static let migration = """
        CREATE TABLE ready (
            queue TEXT NOT NULL,
            container INTEGER NOT NULL,
            unnamed INTEGER NOT NULL,
            priority INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            image TEXT,
            expire_at INTEGER,
            PRIMARY KEY (queue, container, unnamed, priority DESC, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX ready_image ON ready (queue, container, image, priority DESC, seq) WHERE image IS NOT NULL;
        INSERT INTO ready (queue, container, unnamed, priority, seq, image, expire_at)
        SELECT queue, container, image IS NULL, priority, seq, image, expire_at FROM task_state
        WHERE state = 'enqueued';
        DROP INDEX task_ready;
        DROP INDEX task_image;

        ALTER TABLE lease RENAME TO old_lease;
        CREATE TABLE lease (
            task_seq INTEGER PRIMARY KEY,
            token INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            supervisor TEXT NOT NULL,
            host TEXT NOT NULL,
            lease_until INTEGER NOT NULL,
            hard_until INTEGER,
            origin INTEGER,
            queue TEXT NOT NULL,
            deliveries INTEGER NOT NULL,
            cancel_requested INTEGER NOT NULL DEFAULT 0,
            claimed_at INTEGER NOT NULL,
            claimed_seq INTEGER,
            worker TEXT,
            started_at INTEGER,
            started_seq INTEGER,
            noted_at INTEGER,
            progress REAL
        ) STRICT;
        INSERT INTO lease (task_seq, token, attempt, supervisor, host, lease_until, hard_until, origin, queue,
            deliveries, cancel_requested, claimed_at, worker, started_at, progress)
        SELECT l.task_seq, l.token, l.attempt, l.supervisor, l.host, l.lease_until, l.hard_until, l.origin, s.queue,
            s.deliveries, s.cancel_requested, coalesce(a.claimed_at, s.run_at), s.worker, s.started_at, s.progress
        FROM old_lease l JOIN task_state s ON s.seq = l.task_seq
        LEFT JOIN attempt a ON a.task_seq = l.task_seq AND a.attempt = l.attempt;
        DROP TABLE old_lease;
        DELETE FROM attempt WHERE EXISTS (
            SELECT 1 FROM lease l WHERE l.task_seq = attempt.task_seq AND l.attempt = attempt.attempt);
        UPDATE task_state SET state = 'enqueued', cancel_requested = 0
        WHERE state = 'inProgress' AND seq IN (SELECT task_seq FROM lease);

        ALTER TABLE attempt ADD COLUMN claimed_seq INTEGER;
        ALTER TABLE attempt ADD COLUMN started_seq INTEGER;
        ALTER TABLE attempt ADD COLUMN noted_at INTEGER;
        ALTER TABLE task_state ADD COLUMN supervisor TEXT;
        ALTER TABLE task_state ADD COLUMN host TEXT;
        ALTER TABLE task_state ADD COLUMN claimed_at INTEGER;
        ALTER TABLE task_state ADD COLUMN claimed_seq INTEGER;
        ALTER TABLE task_state ADD COLUMN started_seq INTEGER;
        ALTER TABLE task_state ADD COLUMN noted_at INTEGER;
        ALTER TABLE task_state ADD COLUMN ended_seq INTEGER;
        ALTER TABLE task_state ADD COLUMN ended_token INTEGER;
        ALTER TABLE task_state ADD COLUMN wall_seconds REAL;
        ALTER TABLE task_state ADD COLUMN cpu_seconds REAL;
        ALTER TABLE task_state ADD COLUMN max_resident_bytes INTEGER;
        ALTER TABLE task_state ADD COLUMN output_bytes INTEGER;
        ALTER TABLE task_state ADD COLUMN output_dropped INTEGER;
        ALTER TABLE task_state ADD COLUMN report TEXT;
        ALTER TABLE task_state ADD COLUMN result TEXT;

        DELETE FROM event WHERE kind = 'submitted';
        INSERT OR REPLACE INTO queue_count (queue, state, count) VALUES ('', 'sequence', max(
            (SELECT coalesce(max(sequence), 0) FROM event), (SELECT coalesce(max(seq), 0) FROM task),
            (SELECT coalesce(max(seq), 0) FROM sqlite_sequence)));
        \(taskNow)
        \(attemptNow)
        \(timeline)
        """

    /// Tasks as they are: what is leased is in progress.
    private static let taskNow = """
        CREATE VIEW task_now AS
        SELECT s.seq AS seq, s.queue AS queue, s.container AS container, s.priority AS priority,
            CASE WHEN l.task_seq IS NULL THEN s.state ELSE 'inProgress' END AS state, s.run_at AS run_at,
            coalesce(l.attempt, s.attempt) AS attempt, coalesce(l.deliveries, s.deliveries) AS deliveries,
            s.failures AS failures, s.interruptions AS interruptions,
            coalesce(l.cancel_requested, s.cancel_requested) AS cancel_requested,
            CASE WHEN l.task_seq IS NULL THEN s.progress ELSE l.progress END AS progress, s.outcome AS outcome,
            s.exit_code AS exit_code, s.reason AS reason,
            CASE WHEN l.task_seq IS NULL THEN s.worker ELSE l.worker END AS worker,
            CASE WHEN l.task_seq IS NULL THEN s.started_at ELSE l.started_at END AS started_at,
            s.finished_at AS finished_at, s.checkpoint_phase AS checkpoint_phase, s.checkpoint_at AS checkpoint_at
        FROM task_state s LEFT JOIN lease l ON l.task_seq = s.seq;
        """

    /// All attempts: those that another one followed, those that run, and those with which their tasks ended.
    private static let attemptNow = """
        CREATE VIEW attempt_now AS
        SELECT task_seq, attempt, supervisor, host, worker, claimed_at, started_at, finished_at, outcome, exit_code,
            reason, wall_seconds, cpu_seconds, max_resident_bytes, output_bytes, output_dropped, report, result,
            progress, ended_token
        FROM attempt
        UNION ALL
        SELECT task_seq, attempt, supervisor, host, worker, claimed_at, started_at, NULL, NULL, NULL,
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
            progress, NULL
        FROM lease
        UNION ALL
        SELECT seq, attempt, supervisor, host, worker, claimed_at, started_at, finished_at, outcome, exit_code,
            reason, wall_seconds, cpu_seconds, max_resident_bytes, output_bytes, output_dropped, report, result,
            progress, ended_token
        FROM task_state WHERE claimed_at IS NOT NULL;
        """

    /// All events. Where a number is missing, the event has a row of its own.
    private static let timeline = """
        CREATE VIEW timeline AS
        SELECT task_seq, sequence, attempt, kind, message, at FROM event
        UNION ALL
        SELECT s.seq, s.seq, 0, 'submitted', 'submitted to queue ' || s.queue, t.created_at
        FROM task_state s CROSS JOIN task t ON t.seq = s.seq
        UNION ALL
        SELECT task_seq, claimed_seq, attempt, 'claimed', 'attempt ' || attempt || ' claimed by ' || host, claimed_at
        FROM attempt WHERE claimed_seq IS NOT NULL
        UNION ALL
        SELECT task_seq, claimed_seq, attempt, 'claimed', 'attempt ' || attempt || ' claimed by ' || host, claimed_at
        FROM lease WHERE claimed_seq IS NOT NULL
        UNION ALL
        SELECT seq, claimed_seq, attempt, 'claimed', 'attempt ' || attempt || ' claimed by ' || host, claimed_at
        FROM task_state WHERE claimed_seq IS NOT NULL
        UNION ALL
        SELECT task_seq, started_seq, attempt, 'started', 'runs on worker ' || worker, noted_at
        FROM attempt WHERE started_seq IS NOT NULL
        UNION ALL
        SELECT task_seq, started_seq, attempt, 'started', 'runs on worker ' || worker, noted_at
        FROM lease WHERE started_seq IS NOT NULL
        UNION ALL
        SELECT seq, started_seq, attempt, 'started', 'runs on worker ' || worker, noted_at
        FROM task_state WHERE started_seq IS NOT NULL
        UNION ALL
        SELECT seq, ended_seq, attempt, 'completed', reason, finished_at
        FROM task_state WHERE ended_seq IS NOT NULL;
        """
}
