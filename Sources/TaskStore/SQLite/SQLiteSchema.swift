internal import GRDB

/// The tables, and how a file of any age comes to have them.
///
/// What never changes (`task`) is apart from where a task stands between its attempts (`task_state`), what waits (`ready`) and
/// what runs (`lease`); history (`attempt`, `event`) is only appended to; `queue_count` holds folded counts, because counting
/// rows of a hot table gets slower with its age. Times are milliseconds since 1970. No foreign keys: one writer keeps them in step.
enum SQLiteSchema {
    /// "acod": marks a file as ours.
    static let applicationID: Int32 = 0x61_63_6f_64
    /// The version this program writes.
    static var version: Int { migrations.count }
    /// Each brings a file from the version of its index to the next. Never edit one that was released: add another.
    static let migrations = [
        first, attemptReport, adoption, attemptResult, taskImage, queueRules, installations, identityAndAudit,
        checkpoints, addresses, leaseLimits, taskType, SQLiteLighterLife.migration,
    ]

    /// What an attempt used beside its limits, as JSON.
    private static let attemptReport = "ALTER TABLE attempt ADD COLUMN report TEXT"

    /// What a command wrote to its result file.
    private static let attemptResult = "ALTER TABLE attempt ADD COLUMN result TEXT;"

    /// Where tasks go on: what they said they were done with. Rows of one task are few, their data may be long.
    private static let checkpoints = """
        CREATE TABLE checkpoint (
            task_seq INTEGER NOT NULL,
            number INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            phase INTEGER NOT NULL,
            data TEXT,
            artifacts TEXT,
            shelf TEXT,
            host TEXT,
            at INTEGER NOT NULL,
            discarded INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (task_seq, number)
        ) STRICT;
        ALTER TABLE task_state ADD COLUMN checkpoint_phase INTEGER;
        ALTER TABLE task_state ADD COLUMN checkpoint_at INTEGER;
        """

    /// The declared type of a task, so that those of one are found among all.
    private static let taskType = """
        ALTER TABLE task ADD COLUMN type TEXT;
        CREATE INDEX task_of_type ON task (type, seq) WHERE type IS NOT NULL;
        """

    /// What people say about queues, tasks that expire, and tasks that may be there only once.
    private static let queueRules = """
        CREATE TABLE queue_control (
            queue TEXT PRIMARY KEY,
            paused_at INTEGER,
            paused_by TEXT,
            pause_reason TEXT,
            max_running INTEGER
        ) STRICT, WITHOUT ROWID;
        ALTER TABLE task_state ADD COLUMN expire_at INTEGER;
        CREATE INDEX task_expiring ON task_state (expire_at) WHERE expire_at IS NOT NULL;
        CREATE TABLE unique_claim (
            queue TEXT NOT NULL,
            key TEXT NOT NULL,
            task_seq INTEGER NOT NULL,
            PRIMARY KEY (queue, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX unique_task ON unique_claim (task_seq);
        """

    /// Who may clean up after whom. Of rows that are there already nobody noted it.
    private static let installations = """
        ALTER TABLE supervisor ADD COLUMN installation TEXT NOT NULL DEFAULT '';
        ALTER TABLE supervisor ADD COLUMN boot TEXT NOT NULL DEFAULT '';
        ALTER TABLE worker ADD COLUMN installation TEXT NOT NULL DEFAULT '';
        CREATE TABLE supervisor_home (
            supervisor TEXT PRIMARY KEY,
            installation TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// What tells the file from others, and what people did.
    private static let identityAndAudit = """
        CREATE TABLE identity (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));
        CREATE TABLE audit (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            author TEXT NOT NULL,
            uid INTEGER NOT NULL,
            host TEXT NOT NULL,
            command TEXT NOT NULL,
            action TEXT NOT NULL,
            task TEXT,
            queue TEXT,
            detail TEXT NOT NULL,
            reason TEXT
        ) STRICT;
        CREATE INDEX audit_task ON audit (task) WHERE task IS NOT NULL;
        ALTER TABLE attempt ADD COLUMN progress REAL;
        ALTER TABLE supervisor ADD COLUMN queues TEXT;
        """

    /// Where supervisors serve logs to other hosts.
    private static let addresses = "ALTER TABLE supervisor ADD COLUMN address TEXT"

    /// Which lease an end was written under, and until when a lease may be renewed at most, which is longer for tasks
    /// whose own time limit is longer.
    private static let leaseLimits = """
        ALTER TABLE attempt ADD COLUMN ended_token INTEGER;
        ALTER TABLE lease ADD COLUMN hard_until INTEGER;
        ALTER TABLE task_state ADD COLUMN least_hold INTEGER;
        UPDATE task_state SET least_hold = (
            SELECT CASE WHEN json_valid(t.spec) AND json_type(t.spec, '$.timeout') IN ('integer', 'real')
                THEN CAST(min(json_extract(t.spec, '$.timeout'), 1e11) * 1000 AS INTEGER) END
            FROM task t WHERE t.seq = task_state.seq
        ) WHERE state IN ('pending', 'enqueued');
        """

    private static let first = """
        CREATE TABLE task (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            created_at INTEGER NOT NULL,
            spec TEXT NOT NULL
        ) STRICT;
        CREATE TABLE task_state (
            seq INTEGER PRIMARY KEY,
            queue TEXT NOT NULL,
            container INTEGER NOT NULL,
            priority INTEGER NOT NULL,
            state TEXT NOT NULL,
            run_at INTEGER NOT NULL,
            attempt INTEGER NOT NULL DEFAULT 0,
            deliveries INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0,
            interruptions INTEGER NOT NULL DEFAULT 0,
            cancel_requested INTEGER NOT NULL DEFAULT 0,
            progress REAL,
            outcome TEXT,
            exit_code INTEGER,
            reason TEXT,
            worker TEXT,
            started_at INTEGER,
            finished_at INTEGER
        ) STRICT;
        CREATE INDEX task_ready ON task_state (queue, container, priority DESC, seq) WHERE state = 'enqueued';
        CREATE INDEX task_scheduled ON task_state (run_at, queue) WHERE state = 'pending';
        CREATE INDEX task_error ON task_state (seq) WHERE state = 'error';
        CREATE INDEX task_cancelled ON task_state (seq) WHERE state = 'cancelled';
        CREATE TABLE lease (
            task_seq INTEGER PRIMARY KEY,
            token INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            supervisor TEXT NOT NULL,
            host TEXT NOT NULL,
            lease_until INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE attempt (
            task_seq INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            supervisor TEXT NOT NULL,
            host TEXT NOT NULL,
            worker TEXT,
            claimed_at INTEGER NOT NULL,
            started_at INTEGER,
            finished_at INTEGER,
            outcome TEXT,
            exit_code INTEGER,
            reason TEXT,
            wall_seconds REAL,
            cpu_seconds REAL,
            max_resident_bytes INTEGER,
            output_bytes INTEGER,
            output_dropped INTEGER,
            PRIMARY KEY (task_seq, attempt)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE event (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            task_seq INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            kind TEXT NOT NULL,
            message TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX event_task ON event (task_seq);
        CREATE TABLE queue_count (
            queue TEXT NOT NULL,
            state TEXT NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (queue, state)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE supervisor (
            id TEXT PRIMARY KEY,
            pool TEXT NOT NULL,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE worker (
            id TEXT PRIMARY KEY,
            pool TEXT NOT NULL,
            supervisor TEXT NOT NULL,
            host TEXT NOT NULL,
            mode TEXT NOT NULL,
            container_name TEXT,
            container_id TEXT,
            profile TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// What takes a running attempt over: the token its agent knows it by, once the lease has another; and how workers
    /// were made.
    private static let adoption = """
        ALTER TABLE lease ADD COLUMN origin INTEGER;
        ALTER TABLE worker ADD COLUMN blueprint TEXT;
        """

    /// The image that a task names, so that a claim can pass tasks over by it however many there are. Of a task that can't
    /// be read it does not matter.
    private static let taskImage = """
        ALTER TABLE task_state ADD COLUMN image TEXT;
        UPDATE task_state SET image = (
            SELECT CASE WHEN json_valid(t.spec) THEN json_extract(t.spec, '$.image') END
            FROM task t WHERE t.seq = task_state.seq
        ) WHERE state IN ('pending', 'enqueued', 'inProgress');
        DROP INDEX task_ready;
        CREATE INDEX task_ready ON task_state (queue, container, image IS NULL, priority DESC, seq)
            WHERE state = 'enqueued';
        CREATE INDEX task_image ON task_state (queue, container, image, priority DESC, seq)
            WHERE state = 'enqueued' AND image IS NOT NULL;
        """
}
