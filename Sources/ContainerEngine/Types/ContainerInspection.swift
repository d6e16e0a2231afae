package import FoundationEssentials

/// What the engine knows about one container: the truth, where events and waits are hints.
package struct ContainerInspection: Sendable, Equatable {
    /// The full id.
    package let id: String
    /// The name, without a slash.
    package let name: String
    /// When it was created.
    package let createdAt: Date?
    /// State.
    package let state: ContainerState
    /// The image's id, `sha256:…`.
    package let imageID: String
    /// The reference it was created with.
    package let image: String
    /// Labels.
    package let labels: [String: String]
    /// Environment of PID 1 as configured.
    package let env: [String: String]
    /// User.
    package let user: String
    /// Entrypoint.
    package let entrypoint: [String]
    /// Command.
    package let cmd: [String]
    /// Working directory.
    package let workingDir: String
    /// Limits and hardening in force.
    package let hostConfig: HostFacts
    /// What is mounted.
    package let mounts: [MountFact]
    /// The directory of this host that holds what the container changed of its image, with the overlay drivers.
    package let upperDirectory: String?
    /// Bytes of that, when they were asked for.
    package let writableBytes: Int64?
    /// Addresses by network's name.
    package let networks: [String: NetworkFact]
    /// The ports of this host that lead into it, in order.
    package let ports: [PublishedPort]

    /// Limits and hardening, as the engine repeats them.
    package struct HostFacts: Sendable, Equatable {
        /// Bytes; 0 for no limit.
        package let memory: Int64
        /// Bytes with swap.
        package let memorySwap: Int64
        /// Billionths of a CPU.
        package let nanoCPUs: Int64
        /// 0 or -1 for no limit.
        package let pidsLimit: Int64
        /// OOM score adjustment.
        package let oomScoreAdj: Int
        /// Network mode.
        package let networkMode: String
        /// Whether the image's files can't be written.
        package let readonlyRootfs: Bool
        /// Whether it is privileged.
        package let privileged: Bool
        /// Whether it goes away by itself.
        package let autoRemove: Bool
        /// Dropped capabilities; Podman lists them one by one.
        package let capDrop: [String]
        /// Security options.
        package let securityOpt: [String]
        /// Limits of processes by name (`nofile`), soft and hard.
        package let ulimits: [String: ClosedRange<Int64>]
        /// Restart policy's name.
        package let restartPolicy: String
        /// Log driver.
        package let logDriver: String
    }

    /// One mount.
    package struct MountFact: Sendable, Equatable {
        /// `bind`, `volume`, `tmpfs`.
        package let type: String
        /// A volume's name.
        package let name: String?
        /// Path on the host.
        package let source: String
        /// Path in the container.
        package let target: String
        /// Whether it can be written.
        package let writable: Bool
    }

    /// One network.
    package struct NetworkFact: Sendable, Equatable {
        /// The container's address; empty when it does not run.
        package let address: String
        /// The gateway's.
        package let gateway: String
    }
}
