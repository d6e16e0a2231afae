package import Settings
package import TaskModel

/// What makes two workers interchangeable: a task may run on any idle worker whose profile equals the one it needs.
package struct WorkerProfile: Hashable, Codable, Sendable {
    /// Container or local process.
    package var mode: WorkerMode
    /// The image; empty for a local process.
    package var image: String
    /// What the worker may use.
    package var limits: ResourceLimits
    /// Who its tasks run as; `nil` is the pool's user.
    package var user: ContainerUser?
    /// What of the host it sees.
    package var mounts: [MountSpec]
    /// Where its tasks may connect to, of what the pool permits; `nil` is all of that.
    package var egress: EgressPolicy?

    /// Makes the profile of a container.
    package init(
        image: String, limits: ResourceLimits, mounts: [MountSpec], user: ContainerUser? = nil,
        egress: EgressPolicy? = nil
    ) {
        mode = .docker
        self.egress = egress
        self.image = image
        self.limits = limits
        self.mounts = mounts
        self.user = user
    }

    private init() {
        mode = .local
        image = ""
        limits = ResourceLimits()
        mounts = []
    }

    /// The profile of every local process: a process has no image, mounts or limits of its own.
    package static let local = WorkerProfile()

    /// The profile in a few words, for tables and logs.
    package var summary: String {
        guard mode == .docker else { return "local process" }
        let cpus = limits.cpus == limits.cpus.rounded() ? String(Int(limits.cpus)) : String(limits.cpus)
        return "\(image) \(cpus) cpu \(limits.memoryMb) MiB \(limits.pidsLimit) pids" + (user.map { " as \($0)" } ?? "")
            + (egress.map { " egress \($0.summary)" } ?? "")
    }
}
