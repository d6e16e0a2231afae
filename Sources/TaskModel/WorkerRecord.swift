package import Foundation

/// A worker as the store knows it. The row is written before anything is created for the worker, so whatever a
/// crash leaves behind can be found from here.
package struct WorkerRecord: Codable, Sendable, Equatable {
    /// Its id.
    package var id: WorkerID
    /// The pool it belongs to.
    package var pool: String
    /// The supervisor that made it.
    package var supervisor: SupervisorID
    /// The installation of that supervisor: what may clean up after it. Empty in rows of programs that knew only hosts.
    package var installation: String
    /// The host it runs on, for people: other machines may have the same name.
    package var host: String
    /// Container or local process.
    package var mode: WorkerMode
    /// `acode-worker-<id>`.
    package var containerName: String?
    /// The engine's id, once known.
    package var containerID: String?
    /// The profile in short, for people: image and limits.
    package var profile: String
    /// When the row was written.
    package var createdAt: Date
    /// What a later supervisor needs to take the worker over, as JSON; `nil` for one that can't be taken over.
    package var blueprint: String?

    /// Makes a record.
    package init(
        id: WorkerID, pool: String, supervisor: SupervisorID, installation: String, host: String, mode: WorkerMode,
        containerName: String? = nil, containerID: String? = nil, profile: String, createdAt: Date,
        blueprint: String? = nil
    ) {
        self.id = id
        self.pool = pool
        self.supervisor = supervisor
        self.installation = installation
        self.host = host
        self.mode = mode
        self.containerName = containerName
        self.containerID = containerID
        self.profile = profile
        self.createdAt = createdAt
        self.blueprint = blueprint
    }
}

/// What a worker is made of.
package enum WorkerMode: String, Codable, Sendable, CaseIterable {
    /// A container of a Docker or Podman engine.
    case docker
    /// A process of this host.
    case local
}

/// A supervisor as the store knows it.
package struct SupervisorRecord: Codable, Sendable, Equatable {
    /// This run of the process.
    package var id: SupervisorID
    /// The pool it owns.
    package var pool: String
    /// The random identity of its state directory: what may clean up after it. Empty in rows of programs that knew only
    /// hosts.
    package var installation: String
    /// The kernel's boot that it runs under, empty when unknown: a pool's lock proves nothing about other kernels.
    package var boot: String
    /// The host it runs on, for people: other machines may have the same name.
    package var host: String
    /// Where it serves logs to other hosts, as `host:port`; `nil` when it does not.
    package var address: String?
    /// Its process id on that host.
    package var pid: Int32
    /// When it started.
    package var startedAt: Date
    /// The last heartbeat.
    package var seenAt: Date
    /// The queues it serves; empty means all, and one empty name that it runs no tasks.
    package var queues: [String] = []

    /// Makes a record.
    package init(
        id: SupervisorID, pool: String, installation: String, boot: String, host: String, address: String? = nil,
        pid: Int32, startedAt: Date, seenAt: Date
    ) {
        self.address = address
        self.id = id
        self.pool = pool
        self.installation = installation
        self.boot = boot
        self.host = host
        self.pid = pid
        self.startedAt = startedAt
        self.seenAt = seenAt
    }
}
