package import Logging
package import Settings
package import TaskModel

/// What every worker of a pool shares.
package struct WorkerContext: Sendable {
    /// The pool's name.
    package var pool: String
    /// The supervisor's identity.
    package var supervisor: SupervisorID
    /// The identity of this installation of acode, so that two of them can share an engine.
    package var installation: String
    /// The program's version.
    package var version: String
    /// The host's name.
    package var host: String
    /// `acode-agent` on this host.
    package var agentExecutable: String
    /// Where the workers' sockets are, and their secrets if it is on a tmpfs; mode 0700.
    package var runtimeDirectory: String
    /// Where the workers' secrets are otherwise; see `SecretsPlace`.
    package var secretsDirectory: String?
    /// Where the workers' lasting files are.
    package var stateDirectory: String
    /// How long a start may take, from the container's start to the agent's call.
    package var startTimeout: Duration
    /// How long a worker may take to end after SIGTERM.
    package var stopTimeout: Duration
    /// How long an agent goes on without a supervisor before it kills its task: shorter than the task's lease, so that no
    /// task outlives its fence.
    package var orphanTimeout: Duration
    /// How long nobody may be able to tell what became of a worker before it is given up: leases can't be kept for ever.
    package var outageLimit = Duration.seconds(60)
    /// Who the users of containers are on this host.
    package var users = UserMapping.same
    /// How agents are watched.
    package var health = HealthSettings()
    /// Remembers workers across a crash.
    package var journal: any WorkerJournal
    /// The log.
    package var logger: Logger

    /// Puts the facts together.
    package init(
        pool: String, supervisor: SupervisorID, installation: String, version: String, host: String,
        agentExecutable: String, runtimeDirectory: String, stateDirectory: String, startTimeout: Duration,
        stopTimeout: Duration,
        orphanTimeout: Duration, journal: any WorkerJournal, logger: Logger
    ) {
        self.pool = pool
        self.supervisor = supervisor
        self.installation = installation
        self.version = version
        self.host = host
        self.agentExecutable = agentExecutable
        self.runtimeDirectory = runtimeDirectory
        self.stateDirectory = stateDirectory
        self.startTimeout = startTimeout
        self.stopTimeout = stopTimeout
        self.orphanTimeout = orphanTimeout
        self.journal = journal
        self.logger = logger
    }

    /// The log, for what concerns one worker.
    func workerLogger(_ worker: WorkerID) -> Logger {
        var logger = logger
        logger[metadataKey: "worker.id"] = "\(worker)"
        return logger
    }

    /// How long a disconnected agent has to come back while its container or process still runs.
    package static let reconnectLimit = Duration.seconds(10)
}

/// Remembers workers before they exist and until they are gone, so that a crash leaves nothing unknown.
package protocol WorkerJournal: Sendable {
    /// Writes or replaces the worker's row. Throws when it could not be written; then nothing may be created.
    func record(_ worker: WorkerRecord) async throws
    /// Forgets a worker of which nothing is left. A failure is the journal's to log: the row is harmless.
    func forget(_ worker: WorkerID) async
}
