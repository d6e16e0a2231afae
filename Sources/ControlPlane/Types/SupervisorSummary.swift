package import Foundation

/// What a supervisor says about itself: the answer to `GET /v1/status`.
package struct SupervisorSummary: Codable, Sendable, Equatable {
    /// The engine it uses.
    package struct Engine: Codable, Sendable, Equatable {
        /// `docker` or `podman`.
        package var kind: String
        /// The engine's version.
        package var version: String
        /// The socket's path.
        package var socket: String

        /// Describes an engine.
        package init(kind: String, version: String, socket: String) {
            self.kind = kind
            self.version = version
            self.socket = socket
        }
    }

    /// Workers of a profile that can't be started now.
    package struct Trouble: Codable, Sendable, Equatable {
        /// Image and limits in short.
        package var profile: String
        /// `backingOff` or `crashLooping`.
        package var state: String
        /// Whether it is the profile of the pool's own workers.
        package var isOwn: Bool
        /// In plain words.
        package var reason: String
        /// When the next one is tried.
        package var retryAt: Date

        /// Describes trouble.
        package init(profile: String, state: String, isOwn: Bool, reason: String, retryAt: Date) {
            self.profile = profile
            self.state = state
            self.isOwn = isOwn
            self.reason = reason
            self.retryAt = retryAt
        }
    }

    /// An engine that does not answer.
    package struct EngineTrouble: Codable, Sendable, Equatable {
        /// When it last answered.
        package var since: Date
        /// In plain words.
        package var message: String
        /// The fix, when there is one.
        package var hint: String?
        /// Whether local processes stand in for tasks that accept them.
        package var hasStandIns: Bool

        /// Describes trouble.
        package init(since: Date, message: String, hint: String? = nil, hasStandIns: Bool) {
            self.since = since
            self.message = message
            self.hint = hint
            self.hasStandIns = hasStandIns
        }
    }

    /// What a task may ask for at most.
    package struct Limits: Codable, Sendable, Equatable {
        /// CPU cores.
        package var cpus: Double
        /// Memory in MiB.
        package var memoryMb: Int
        /// Processes and threads.
        package var pidsLimit: Int
        /// Disk in MiB; 0 is no limit.
        package var diskMb: Int
        /// Places it may connect to; `nil` is anywhere.
        package var egress: [String]?
        /// The setting that limits them.
        package var networkLimit: String?

        /// Makes limits.
        package init(
            cpus: Double, memoryMb: Int, pidsLimit: Int, diskMb: Int, egress: [String]? = nil,
            networkLimit: String? = nil
        ) {
            self.egress = egress
            self.networkLimit = networkLimit
            self.cpus = cpus
            self.memoryMb = memoryMb
            self.pidsLimit = pidsLimit
            self.diskMb = diskMb
        }
    }

    /// This run of the supervisor.
    package var id: String
    /// The pool's name.
    package var pool: String
    /// Its process.
    package var pid: Int32
    /// `docker` or `local`; `local` also after falling back.
    package var mode: String
    /// The engine; `nil` for local processes.
    package var engine: Engine?
    /// Why it runs local processes although containers were asked for.
    package var fallbackReason: String?
    /// Why the engine can't be used now; `nil` while it can.
    package var engineTrouble: EngineTrouble?
    /// Why the image of its workers can't be had; it is tried again and again.
    package var imageTrouble: String?
    /// What it is doing: `starting`, `running`, `draining`, `stopping`, `engineUnavailable`.
    package var state: String
    /// How many tasks can run at once.
    package var slots: Int
    /// How many run.
    package var busy: Int
    /// How many workers are ready or busy.
    package var ready: Int
    /// Which workers can't be started now.
    package var troubles: [Trouble]
    /// When it started.
    package var startedAt: Date
    /// The version of `acode` it runs.
    package var version: String
    /// What a task may ask for at most; `nil` for local processes.
    package var limits: Limits?
    /// The queues it serves; empty means all, and one empty name that it runs no tasks.
    package var queues: [String]
    /// Why it takes no tasks although it could run some, a sentence each; `nil` from one that does not say.
    package var pressure: [String]?

    /// Makes a summary.
    package init(
        id: String, pool: String, pid: Int32, mode: String, engine: Engine? = nil, fallbackReason: String? = nil,
        engineTrouble: EngineTrouble? = nil, imageTrouble: String? = nil, state: String, slots: Int, busy: Int,
        ready: Int, troubles: [Trouble] = [], startedAt: Date, version: String, limits: Limits? = nil,
        queues: [String] = [], pressure: [String]? = nil
    ) {
        self.id = id
        self.pool = pool
        self.pid = pid
        self.mode = mode
        self.engine = engine
        self.fallbackReason = fallbackReason
        self.engineTrouble = engineTrouble
        self.imageTrouble = imageTrouble
        self.state = state
        self.slots = slots
        self.busy = busy
        self.ready = ready
        self.troubles = troubles
        self.startedAt = startedAt
        self.version = version
        self.limits = limits
        self.queues = queues
        self.pressure = pressure
    }

    /// Every key is always there; what is unknown is null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(pool, forKey: .pool)
        try container.encode(pid, forKey: .pid)
        try container.encode(mode, forKey: .mode)
        try container.encode(engine, forKey: .engine)
        try container.encode(fallbackReason, forKey: .fallbackReason)
        try container.encode(engineTrouble, forKey: .engineTrouble)
        try container.encode(imageTrouble, forKey: .imageTrouble)
        try container.encode(state, forKey: .state)
        try container.encode(slots, forKey: .slots)
        try container.encode(busy, forKey: .busy)
        try container.encode(ready, forKey: .ready)
        try container.encode(troubles, forKey: .troubles)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(version, forKey: .version)
        try container.encode(limits, forKey: .limits)
        try container.encode(queues, forKey: .queues)
        try container.encode(pressure, forKey: .pressure)
    }
}
