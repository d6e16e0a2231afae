/// What a user asks to run: the immutable part of a task.
package struct TaskSpec: Codable, Sendable, Equatable {
    /// A label for people; need not be unique.
    package var name: String?
    /// The declared type it was made of; `nil` for a task that says everything itself.
    package var type: String?
    /// What it was made with, by the names of the type's parameters; `nil` means nothing.
    package var params: [String: ParameterValue]?
    /// Marks that rules of routing look at; `nil` means none.
    package var labels: [String]?
    /// The program and its arguments; no shell is involved. Never empty.
    package var command: [String]
    /// Variables added to the worker's environment. Never secrets.
    package var env: [String: String]
    /// Bytes the command reads from its standard input, as UTF-8; at most 1 MiB. `nil` means end of file at once.
    package var stdin: String?
    /// The directory the command starts in; `nil` means the worker's default.
    package var workdir: String?
    /// Who it runs as in a container, `uid:gid`; `nil` means the pool's user.
    package var user: String?
    /// The image of the container; `nil` means the pool's.
    package var image: String?
    /// Limits below the pool's; `nil` fields mean the pool's own.
    package var resources: ResourceRequest
    /// Mounts added to the pool's.
    package var mounts: [MountSpec]
    /// The files it works on; `nil` means an empty directory.
    package var worktree: WorktreeSpec?
    /// What it promises to leave; `nil` means nothing.
    package var outputs: [OutputSpec]?
    /// Names of configured secrets, given as files `/run/secrets/<name>`.
    package var secrets: [String]
    /// Where it may connect to, of what its pool permits; `nil` means all of that.
    package var egress: EgressPolicy?
    /// The queue it waits in.
    package var queue: String
    /// Higher runs first; −1000…1000.
    package var priority: Int
    /// Seconds after submission before it is due.
    package var delay: Double
    /// Seconds one attempt may run; `nil` means the pool's default.
    package var timeout: Double?
    /// When to try again.
    package var retry: RetryPolicy
    /// Which kind of worker it accepts.
    package var isolation: Isolation
    /// Seconds after submission within which a supervisor must have taken it; `nil` means whenever.
    package var ttl: Double?
    /// What keeps it from being in its queue twice.
    package var unique: UniqueKey?

    /// The queue of tasks that name none.
    package static let defaultQueue = "default"

    /// Makes a specification; everything but the command has a default.
    package init(
        name: String? = nil, command: [String], env: [String: String] = [:], stdin: String? = nil,
        workdir: String? = nil, user: String? = nil, image: String? = nil,
        resources: ResourceRequest = ResourceRequest(), mounts: [MountSpec] = [], worktree: WorktreeSpec? = nil,
        outputs: [OutputSpec]? = nil, secrets: [String] = [], egress: EgressPolicy? = nil,
        queue: String = TaskSpec.defaultQueue,
        priority: Int = 0, delay: Double = 0, timeout: Double? = nil, retry: RetryPolicy = RetryPolicy(),
        isolation: Isolation = .any, ttl: Double? = nil, unique: UniqueKey? = nil,
        type: String? = nil, params: [String: ParameterValue]? = nil, labels: [String]? = nil
    ) {
        self.name = name
        self.command = command
        self.env = env
        self.stdin = stdin
        self.workdir = workdir
        self.user = user
        self.image = image
        self.resources = resources
        self.mounts = mounts
        self.worktree = worktree
        self.outputs = outputs
        self.secrets = secrets
        self.egress = egress
        self.queue = queue
        self.priority = priority
        self.delay = delay
        self.timeout = timeout
        self.retry = retry
        self.isolation = isolation
        self.ttl = ttl
        self.unique = unique
        self.type = type
        self.params = params
        self.labels = labels
    }
}

/// Which kind of worker a task accepts.
package enum Isolation: String, Codable, Sendable, CaseIterable {
    /// A container when there is an engine, else a local process.
    case any
    /// Only a container: the task waits while there is no engine.
    case container
}

/// A directory or file of the host shown inside a container.
package struct MountSpec: Codable, Sendable, Hashable {
    /// An absolute path on the host that exists.
    package var source: String
    /// An absolute path in the container.
    package var target: String
    /// Whether writes are refused.
    package var readOnly: Bool

    /// Makes a mount; read-write unless said otherwise, as in the configuration file.
    package init(source: String, target: String, readOnly: Bool = false) {
        self.source = source
        self.target = target
        self.readOnly = readOnly
    }
}
