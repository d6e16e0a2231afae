package import TaskModel

/// What concerns container workers only.
package struct DockerSettings: Sendable, Equatable {
    /// The engine's socket path; `nil` means the usual places are tried.
    package var socket: String?
    /// The image of tasks that name none.
    package var image = "mcr.microsoft.com/dotnet/sdk:8.0"
    /// When an image is pulled.
    package var pullPolicy: PullPolicy = .ifNotPresent
    /// How long a pull may take altogether.
    package var pullTimeout: Duration = .seconds(300)
    /// How long a pull may make no progress before it is broken off and tried again.
    package var pullIdleTimeout: Duration = .seconds(60)
    /// Attempts at a pull after the first.
    package var pullRetries = 3
    /// With the policy `always`: how long a pull counts before a task asks the registry again.
    package var pullAgainAfter: Duration = .seconds(60)
    /// Credentials for registries, by host and port; before those of the user's own files.
    package var registryAuth: [String: RegistryLogin] = [:]
    /// Whether containers stay after they are stopped.
    package var keepContainers = false
    /// `bridge`, `host`, `none` or the name of a network of the engine.
    package var network = "bridge"
    /// Whether `network` may be `host`.
    package var allowHostNetwork = false
    /// Ports of every container that are reached from this host.
    package var ports: [PortPublication] = []
    /// Who the agent and the tasks run as.
    package var user = ContainerUser(uid: 1000, gid: 1000)
    /// Whether `user`, or that of a task, may be root.
    package var allowRoot = false
    /// Whether the engine's socket may be mounted.
    package var allowEngineSocket = false
    /// Whether the container's root file system is read-only.
    package var readOnlyRootFilesystem = false
    /// The directory tasks start in, absolute, in the container.
    package var workdir = "/workspace"
    /// What one container may use at most.
    package var resources = ContainerResources()
    /// Limits of single processes.
    package var ulimits = ContainerUlimits()
    /// What every container sees of this host.
    package var mounts: [MountSpec] = []
    /// The directories a task's own mounts must lie in; empty means tasks can't mount anything.
    package var allowedMounts: [String] = []
    /// Variables of every container. Never secrets.
    package var environment: [String: String] = [:]
    /// Addresses of name servers; empty means the engine's choice.
    package var dns: [String] = []
    /// Domains in which short names are looked up.
    package var dnsSearch: [String] = []
    /// Names the container knows beside those of its name server, as `name:address`; the address
    /// `host-gateway` is this host.
    package var extraHosts: [String] = []
    /// How a container's health is watched.
    package var healthcheck = HealthcheckSettings()
    /// How a worker that broke is replaced.
    package var restart = RestartSettings()
    /// What happens while the engine does not answer.
    package var outage = OutageSettings()

    /// The defaults.
    package init() {}
}

/// When an image is pulled.
package enum PullPolicy: String, Sendable, CaseIterable {
    /// Before every start of a pool and whenever an image is first used in it.
    case always
    /// Never: a missing image is an error.
    case never
    /// When the engine does not have it.
    case ifNotPresent
}

/// A numeric user and group, as an engine takes them.
package struct ContainerUser: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The user's number.
    package var uid: UInt32
    /// The group's number.
    package var gid: UInt32

    /// Makes a pair; nothing is checked.
    package init(uid: UInt32, gid: UInt32) {
        self.uid = uid
        self.gid = gid
    }

    /// Reads `uid:gid`; `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
        guard parts.count == 2, let uid = parts[0], let gid = parts[1] else { return nil }
        self.init(uid: uid, gid: gid)
    }

    /// Whether the user or the group is root.
    package var isRoot: Bool { uid == 0 || gid == 0 }

    /// `uid:gid`.
    package var description: String { "\(uid):\(gid)" }
}

/// What one container may use at most.
package struct ContainerResources: Sendable, Equatable {
    /// Cores, memory and processes.
    package var limits = ResourceLimits()
    /// Size of `/dev/shm` in MiB.
    package var shmMb = 64
    /// Size of the temporary directory in MiB.
    package var tempMb = 64
    /// Size of a working directory in memory in MiB; 0 is one on disk.
    package var workTmpfsMb = 0
    /// Swap beside memory in MiB.
    package var swapMb = 0
    /// What a task may have on disk in MiB; 0 is no limit.
    package var diskMb = 10_240
    /// Network bandwidth in Mbit/s; 0 is no limit.
    package var networkMbit = 0

    /// The defaults.
    package init() {}
}

/// Limits of single processes in a container; soft and hard limit are the same.
package struct ContainerUlimits: Sendable, Equatable {
    /// Open files.
    package var nofile = 1024
    /// Processes of the container's user.
    package var nproc = 4096
    /// Bytes of a core file.
    package var core = 0

    /// The defaults.
    package init() {}
}

/// How a container's health is watched.
package struct HealthcheckSettings: Sendable, Equatable {
    /// What is run in the container; empty means that only its agent is asked.
    package var command: [String] = []
    /// Time between two checks.
    package var interval: Duration = .seconds(30)
    /// How long one check may take.
    package var timeout: Duration = .seconds(5)
    /// Failed checks in a row that make a worker unhealthy.
    package var retries = 3
    /// Time after the start in which failed checks do not count.
    package var startPeriod: Duration = .seconds(10)

    /// The defaults.
    package init() {}
}

/// How a worker that broke is replaced.
package struct RestartSettings: Sendable, Equatable {
    /// Replacements within `window` after which a slot is given up.
    package var maxRestarts = 5
    /// The time in which replacements are counted.
    package var window: Duration = .seconds(600)
    /// Wait before the first replacement; doubled for each further one.
    package var backoff: Duration = .seconds(1)
    /// The longest wait before a replacement.
    package var maxBackoff: Duration = .seconds(60)

    /// The defaults.
    package init() {}
}
