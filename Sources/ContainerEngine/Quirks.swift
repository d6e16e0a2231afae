/// In what an engine differs from the API's documentation and from the other engine. One value per engine; the rest of
/// the code asks it and never the engine's name.
package struct Quirks: Sendable, Equatable {
    /// Stats name bytes received as sent and the other way round (Podman before 5).
    package let swapsNetworkCounters: Bool
    /// The path that gives all containers' stats in one cheap call, when there is one.
    package let bulkStatsPath: String?
    /// The log driver to ask for, `nil` for the engine's own default. Docker's `local` keeps bytes exactly and rotates.
    package let logDriver: String?
    /// Whether the engine runs healthchecks on its own everywhere. Podman needs systemd timers for it.
    package let runsHealthchecks: Bool
    /// Where containers are in an API of the engine's own.
    private let ownContainersPrefix: String?
    /// Whether `OOMKilled == false` means anything. True is believable on both.
    package let reportsEveryOOM: Bool
    /// Whether restarts by policy are delayed more and more.
    package let delaysPolicyRestarts: Bool
    /// Whether a kill waits long when the container has a restart policy.
    package let killsSlowly: Bool
    /// Whether an exit code from `wait` may be believed at all, and comes at once.
    package let waitsReliably: Bool
    /// Whether labels and driver options of a volume in `Mounts` are honoured.
    package let honoursVolumeOptions: Bool
    /// Whether a bind mount whose source is missing is refused (else the directory is made on the host).
    package let refusesMissingBindSources: Bool
    /// The finest step of `since` in logs, in nanoseconds.
    package let logTimeResolution: Int64
    /// The name of the network that `NetworkMode: bridge` joins.
    package let bridgeNetworkName: String
    /// Whether the address `host-gateway` of an extra host is understood (else it is written into /etc/hosts as it is).
    package let knowsHostGateway: Bool

    /// What runs a container's healthcheck once, where the engine does not do it by itself.
    func healthcheckPath(of id: String) -> String? {
        ownContainersPrefix.map { "\($0)\(id.percentEncoded())/healthcheck" }
    }

    /// What tells more of a container than the common API, where there is such.
    func ownInspectionPath(of id: String) -> String? { ownContainersPrefix.map { "\($0)\(id.percentEncoded())/json" } }

    /// The quirks of an engine.
    package init(_ identity: EngineIdentity) {
        switch identity.kind {
        case .docker:
            swapsNetworkCounters = false
            bulkStatsPath = nil
            logDriver = "local"
            runsHealthchecks = true
            ownContainersPrefix = nil
            reportsEveryOOM = true
            delaysPolicyRestarts = true
            killsSlowly = false
            waitsReliably = true
            honoursVolumeOptions = true
            refusesMissingBindSources = true
            logTimeResolution = 1
            bridgeNetworkName = "bridge"
            knowsHostGateway = true
        case .podman:
            swapsNetworkCounters = identity.majorVersion < 5
            bulkStatsPath = "/v\(identity.version)/libpod/containers/stats"
            logDriver = nil
            runsHealthchecks = false
            ownContainersPrefix = "/v\(identity.version)/libpod/containers/"
            reportsEveryOOM = false
            delaysPolicyRestarts = false
            killsSlowly = true
            waitsReliably = false
            honoursVolumeOptions = false
            refusesMissingBindSources = false
            logTimeResolution = 1_000_000_000
            bridgeNetworkName = "podman"
            // Since 4.7; asking the network is right for all of them.
            knowsHostGateway = false
        }
    }
}
