package import AgentProtocol
package import ContainerEngine
package import TaskModel

/// One slot's worth of work: a container or a process with an agent in it that runs one attempt at a time.
///
/// A worker lives inside one call of `run`; everything else can be called from anywhere while that lasts.
package protocol Worker: AnyObject, Sendable {
    /// Its id, unique for ever.
    var id: WorkerID { get }
    /// What it is made like.
    var profile: WorkerProfile { get }
    /// `acode-worker-<id>` for a container.
    var containerName: String? { get }
    /// The engine's id, once there is one.
    var containerID: String? { get }
    /// Its directories on this host.
    var directory: WorkerDirectory { get }
    /// Where it stands.
    var status: WorkerStatus { get }
    /// The agent's pid on this host, where it can be seen.
    var agentPID: Int32? { get }
    /// The attempt it runs.
    var currentAttempt: AttemptRef? { get }
    /// Where its tasks write on this host's disks; empty where nobody can tell. May ask the engine.
    var diskPlaces: DiskPlaces { get async }
    /// What its tasks may use, where something enforces it.
    var limitsInForce: ResourceLimits? { get }
    /// The ports of this host that lead into it.
    var ports: [PublishedPort] { get }

    /// Lives: makes and starts the container or process, and returns when nothing of it is left; `changed` is told what
    /// happens on the way. Ends by `stop` or by itself; cancelling the task is the same as `stop(force: true)`.
    func run(changed: @escaping @Sendable (WorkerChange) -> Void) async -> WorkerEnd

    /// Asks for the end: gracefully, or at once. Returns immediately; `run` returns when it is done.
    func stop(force: Bool)

    /// Shows that the worker takes no further attempt. What follows is the pool's to decide.
    func drain()

    /// Runs one attempt and returns the facts of its end. The exit is kept by the agent until `acknowledge`.
    /// Cancelling the calling task does not stop the attempt; setting `request.stop` does: SIGTERM, and SIGKILL after the
    /// attempt's grace, or when `request.graceOver` is set.
    func execute(_ request: AttemptRequest, observer: any AttemptObserver) async -> ExitRecord

    /// Looks whether what it is made of is still there, after the engine was away.
    func engineReturned() async

    /// Goes on with an attempt that an earlier supervisor began on this worker, as `execute` does; everything of its output
    /// below `offset` is kept. `noted` is called once the worker knows of it.
    func resume(
        _ request: AttemptRequest, from offset: UInt64, observer: any AttemptObserver, noted: @Sendable () -> Void
    ) async -> ExitRecord

    /// Lets go of the worker without ending it, for another supervisor to take over; `run` returns `detached` and leaves
    /// everything where it is. Returns immediately. Nothing happens when its end has begun.
    func detach()

    /// What holds the worker in its place, looked at now.
    ///
    /// - Throws: `engine_unavailable`, or `host` when there is nothing to look at.
    func review() async throws(WorkerError) -> WorkerReview

    /// Says that the attempt's end is recorded, so that the agent can forget it and take the next. Returns false when
    /// something that it left can't be removed, so that no other attempt may come here.
    @discardableResult
    func acknowledge(_ ref: AttemptRef) async -> Bool
}

extension Worker {
    package var limitsInForce: ResourceLimits? { profile.mode == .docker ? profile.limits : nil }

    package var ports: [PublishedPort] { [] }

    /// Nothing, for workers that need no engine.
    package func engineReturned() async {}
}

/// What a pool must know of a worker's life while it lasts.
package enum WorkerChange: Sendable, Equatable {
    /// Its container or process was started.
    case started
    /// Its agent has called: it can take an attempt.
    case ready
    /// Its agent hung up: it can't take one now.
    case silent
    /// Its agent is back.
    case answering
    /// The engine does not answer.
    case engineSilent
    /// The engine answers again.
    case engineAnswering
    /// Its end has begun.
    case leaving
}

/// How a worker's life ended.
package enum WorkerEnd: Sendable, Equatable {
    /// Somebody asked for it.
    case stopped
    /// It never became ready.
    case startFailed(WorkerError)
    /// It went away by itself.
    case lost(WorkerLoss)
    /// It lives on without this supervisor.
    case detached
}

extension Worker {
    package var diskPlaces: DiskPlaces { get async { DiskPlaces() } }
}
