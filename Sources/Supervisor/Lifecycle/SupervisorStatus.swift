internal import AgentProtocol
package import ContainerEngine
package import Foundation
package import TaskModel
package import WorkerPool

/// What a supervisor says about itself.
package struct SupervisorStatus: Codable, Sendable, Equatable {
    /// What it is doing.
    package enum State: String, Codable, Sendable {
        /// Preparing: lock, engine, clean-up.
        case starting
        /// Claims and runs tasks.
        case running
        /// Finishes what runs, claims nothing.
        case draining
        /// Stops what runs and takes the pool down.
        case stopping
        /// The engine does not answer; what runs goes on, nothing new starts.
        case engineUnavailable
    }

    /// The engine it uses.
    package struct Engine: Codable, Sendable, Equatable {
        /// `docker` or `podman`.
        package var kind: String
        /// The engine's version.
        package var version: String
        /// The socket.
        package var socket: String
    }

    /// Workers of a profile that can't be started now.
    package struct Trouble: Codable, Sendable, Equatable {
        /// Image and limits in short.
        package var profile: String
        /// How bad it is.
        package var state: ProfileTrouble.State
        /// Whether it is the profile of the pool's own workers.
        package var isOwn: Bool
        /// In plain words.
        package var reason: String
        /// When the next one is tried.
        package var retryAt: Date

        init(_ trouble: WorkerPool.Trouble) {
            profile = trouble.trouble.profile.summary
            state = trouble.trouble.state
            isOwn = trouble.isOwn
            reason = trouble.trouble.words
            retryAt = Date(trouble.trouble.retryAt)
        }
    }

    /// An engine that does not answer.
    package struct Outage: Codable, Sendable, Equatable {
        /// When it last answered.
        package var since: Date
        /// In plain words.
        package var message: String
        /// The fix, when there is one.
        package var hint: String?
        /// Whether local processes stand in for tasks that accept them.
        package var hasStandIns: Bool

        init(_ trouble: EngineTrouble, since: Date, hasFallenBack: Bool) {
            self.since = since
            message = trouble.message
            hint = trouble.hint
            hasStandIns = hasFallenBack
        }
    }

    /// This run of the supervisor.
    package var id: SupervisorID
    /// The pool's name.
    package var pool: String
    /// Its process.
    package var pid: Int32
    /// What its workers are now; `local` after falling back.
    package var mode: WorkerMode
    /// The engine, for containers.
    package var engine: Engine?
    /// Why it runs local processes although containers were asked for.
    package var fallbackReason: String?
    /// Why the engine can't be used now.
    package var engineTrouble: Outage?
    /// Why the image of its workers can't be had.
    package var imageTrouble: String?
    /// What it is doing.
    package var state: State
    /// How many tasks can run at once.
    package var slots: Int
    /// Whether it may have no worker at all and be well.
    package var isElastic = false
    /// How many run.
    package var busy: Int
    /// How many workers are ready or busy.
    package var ready: Int
    /// Which workers can't be started now.
    package var troubles: [Trouble] = []
    /// When it started.
    package var startedAt: Date
    /// What a task may ask for at most; `nil` for local processes that nothing limits.
    package var limits: ResourceLimits?
    /// What a task may ask for on disk in MiB; 0 is no limit.
    package var diskMb: Int
    /// Where a task's own `egress` may lead.
    package var egress = EgressPolicy.allowAll
    /// The setting that makes that less than anywhere.
    package var networkLimit: String?
    /// The queues it serves; empty means all, and one empty name that it runs no tasks.
    package var queues: [String]
    /// Why it takes no tasks although it could run some, a sentence each.
    package var pressure: [String] = []
}

/// What a supervisor says about one worker.
package struct WorkerReport: Codable, Sendable, Equatable {
    /// Its id.
    package var id: WorkerID
    /// `acode-worker-<id>`; `nil` for a process.
    package var containerName: String?
    /// The engine's id.
    package var containerID: String?
    /// Where it stands.
    package var status: WorkerStatus
    /// Whether it stands for its profile, of which none is started now.
    package var trouble: ProfileTrouble.State?
    /// Why none is, in plain words.
    package var reason: String?
    /// When the next one is tried.
    package var retryAt: Date?
    /// Image and limits in short.
    package var profile: String
    /// The task it runs.
    package var task: TaskID?
    /// The attempt of it.
    package var attempt: Int?
    /// The ports of this host that lead into it.
    package var ports: [PublishedPort] = []
    /// What it uses, from the last measurement.
    package var usage: WorkerUsage?
    /// What happened to it lately, the oldest first.
    package var events: [WorkerEvent]

    /// Reports on a worker.
    init(_ worker: any Worker, usage: WorkerUsage?, events: [WorkerEvent]) {
        self.events = events
        id = worker.id
        containerName = worker.containerName
        containerID = worker.containerID
        status = worker.status
        profile = worker.profile.summary
        task = worker.currentAttempt.map { TaskID(rawValue: $0.taskID) }
        attempt = worker.currentAttempt?.attempt
        ports = worker.ports
        self.usage = usage
    }

    /// Reports on a worker that failed and has no successor yet.
    init(_ trouble: WorkerPool.Trouble, events: [WorkerEvent]) {
        self.events = events
        id = trouble.worker
        status = .failed
        profile = trouble.trouble.profile.summary
        self.trouble = trouble.trouble.state
        reason = trouble.trouble.words
        retryAt = Date(trouble.trouble.retryAt)
    }
}

extension Date {
    /// The time of the clock at an instant.
    init(_ instant: ContinuousClock.Instant) { self.init(timeIntervalSinceNow: (instant - .now) / .seconds(1)) }
}
