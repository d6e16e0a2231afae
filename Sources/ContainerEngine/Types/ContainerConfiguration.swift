/// Everything a container is created with.
///
/// Never set, by intent: `AutoRemove` (facts of an exit would be lost), `Init` (not everywhere installed; our agent is
/// PID 1), `Privileged`. `validate` finds what engines accept and then get wrong.
package struct ContainerConfiguration: Sendable, Equatable {
    /// Image reference or id.
    package var image: String
    /// Replaces the image's entrypoint; `nil` keeps it.
    package var entrypoint: [String]?
    /// Replaces the image's command; `nil` keeps it.
    package var cmd: [String]?
    /// Sent as `K=V` always: an entry without `=` would make Podman copy the variable of its own service.
    package var env: [String: String]
    /// Labels of the container.
    package var labels: [String: String]
    /// User, `uid:gid` or name; `nil` keeps the image's.
    package var user: String?
    /// Working directory; made when missing.
    package var workingDir: String?
    /// Hostname; `nil` for the container's short id.
    package var hostname: String?
    /// Signal of a graceful stop, such as `SIGTERM`.
    package var stopSignal: String?
    /// Time from that signal to SIGKILL, for stops that name none; whole seconds.
    package var stopTimeout: Duration?
    /// Replaces the image's healthcheck.
    package var healthcheck: Healthcheck?
    /// Ports that are documented, such as `80/tcp`.
    package var exposedPorts: [String]
    /// Network.
    package var networkMode: NetworkMode
    /// Bytes of memory.
    package var memory: Int64?
    /// Bytes of memory and swap together; equal to `memory` for no swap.
    package var memorySwap: Int64?
    /// Billionths of a CPU.
    package var nanoCPUs: Int64?
    /// Processes and threads.
    package var pidsLimit: Int64?
    /// -1000…1000; the higher, the sooner the kernel's OOM killer takes it.
    package var oomScoreAdj: Int?
    /// Capabilities to drop, such as `ALL`.
    package var capDrop: [String]
    /// Capabilities to add.
    package var capAdd: [String]
    /// Such as `no-new-privileges`.
    package var securityOpt: [String]
    /// Whose shared memory it sees, such as `private`; `nil` for the engine's default.
    package var ipcMode: String?
    /// Which user namespace, such as `keep-id` on Podman; `nil` is the engine's choice.
    package var usernsMode: String?
    /// Whether the image's files can't be written.
    package var readonlyRootfs: Bool
    /// Resource limits of processes.
    package var ulimits: [Ulimit]
    /// Binds, tmpfs and volumes.
    package var mounts: [Mount]
    /// What the engine does when PID 1 ends.
    package var restartPolicy: RestartPolicy
    /// Where the engine keeps output; `.engineDefault` is the engine's best (`Quirks.logDriver`).
    package var log: LogConfiguration
    /// Bytes of /dev/shm.
    package var shmSize: Int64?
    /// Ports of the host.
    package var portBindings: [PortBinding]
    /// Name servers.
    package var dns: [String]
    /// Search domains.
    package var dnsSearch: [String]
    /// Lines of /etc/hosts, `name:address`.
    package var extraHosts: [String]
    /// More groups of the user.
    package var groupAdd: [String]
    /// Storage driver options, such as `size`.
    package var storageOpt: [String: String]

    /// A configuration with the engine's defaults, to be filled in.
    package init(image: String) {
        self.image = image
        env = [:]
        labels = [:]
        exposedPorts = []
        networkMode = .bridge
        capDrop = []
        capAdd = []
        securityOpt = []
        readonlyRootfs = false
        ulimits = []
        mounts = []
        restartPolicy = .no
        log = .engineDefault
        portBindings = []
        dns = []
        dnsSearch = []
        extraHosts = []
        groupAdd = []
        storageOpt = [:]
    }
}
