package import Settings
package import TaskModel

/// What holds a local worker in its place, as far as the platform gives it.
package struct LocalConfinement: Sendable, Equatable {
    /// What it may use, where it can have a cgroup.
    package var limits: ResourceLimits
    /// Limits of its processes, by the name that `acode-agent run --limit` takes.
    package var ulimits: [String: Int]

    /// As containers have it.
    package init(_ settings: DockerSettings = DockerSettings()) {
        limits = settings.resources.limits
        ulimits = [
            "nofile": settings.ulimits.nofile, "nproc": settings.ulimits.nproc, "core": settings.ulimits.core,
        ]
    }

    /// The arguments of the agent for them.
    func arguments(_ cgroup: LocalCgroup?) -> [String] {
        let limits = ulimits.sorted { $0.key < $1.key }.flatMap { ["--limit", "\($0.key)=\($0.value)"] }
        return limits + Set(cgroup?.directories.values.map { $0 } ?? []).sorted().flatMap { ["--cgroup", $0] }
    }
}
