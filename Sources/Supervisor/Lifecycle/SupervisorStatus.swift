internal import AgentProtocol
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
    /// What it is doing.
    package var state: State
    /// How many tasks can run at once.
    package var slots: Int
    /// How many run.
    package var busy: Int
    /// How many workers are ready or busy.
    package var ready: Int
    /// When it started.
    package var startedAt: Date
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
    /// Image and limits in short.
    package var profile: String
    /// The task it runs.
    package var task: TaskID?
    /// The attempt of it.
    package var attempt: Int?
    /// The ports of this host that lead into it.
    package var ports: [WorkerPort]
    /// What it uses, from the last measurement.
    package var usage: WorkerUsage?

    /// Reports on a worker.
    init(_ worker: any Worker, usage: WorkerUsage?) {
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
}
