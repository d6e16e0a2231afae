internal import ContainerEngine
internal import Logging
internal import Settings
internal import TaskModel

extension Supervisor {
    /// Finds at the start that the network of the pool's containers is not there, before every worker fails for it.
    ///
    /// - Throws: `network_missing`. An engine that does not say makes the workers' own starts tell.
    func checkNetwork(_ backend: Backend) async throws(SupervisorError) {
        let name = settings.workers.docker.network
        guard let engine = backend.engine,
            !["bridge", "host", "none", engine.quirks.bridgeNetworkName].contains(name),
            let networks = try? await engine.listNetworks(labels: [:]),
            !networks.contains(where: { $0.name == name || $0.id == name })
        else { return }
        let names = networks.map(\.name).sorted()
        let others = names.filter { !["bridge", "host", "none"].contains($0) }
        let known = (["bridge", "host", "none"] + others.prefix(12)).joined(separator: ", ")
        let kind = engine.identity.kind.rawValue
        throw SupervisorError(
            .networkMissing, "there is no network \"\(name)\" on this engine",
            hint: (NearestName.nearest(to: name, among: names).map { "did you mean \($0)? " } ?? "")
                + "there are \(known)\(others.count > 12 ? ", …" : ""); make it with `\(kind) network create \(name)`, or "
                + "change workers.docker.network")
    }

    /// Where containers reach less than this host does, local processes take their place only if that is said to be
    /// unimportant.
    ///
    /// - Throws: `engine_unavailable`.
    func requireOpenNetwork(_ error: EngineError) throws(SupervisorError) {
        guard !settings.workers.fallbackInForce, let limit = settings.workers.networkLimit else { return }
        throw SupervisorError(
            .engineUnavailable,
            "\(error.message); local processes don't take over, because \(limit) would not be enforced",
            hint: "start the engine, or set workers.fallbackIgnoresNetwork to true")
    }

    /// Says once in each outage why tasks wait although `workers.fallback` is on.
    func tellThatNothingStandsIn() {
        guard settings.workers.fallback, !settings.workers.fallbackInForce, let limit = settings.workers.networkLimit
        else { return }
        logger.warning(
            "no local processes stand in while the engine is away: \(limit) would not be enforced",
            metadata: ["hint": "tasks wait for containers; workers.fallbackIgnoresNetwork: true lets them run"])
    }

    /// A limit that is not enforced must not be taken for one that is.
    func warnOfOpenEgress() {
        guard settings.workers.egress.isRestricted else {
            guard let limit = settings.workers.networkLimit else { return }
            return logger.warning(
                "\(limit) is not enforced: local workers have this host's network",
                metadata: ["hint": "tasks that say `isolation: container` wait for containers"])
        }
        logger.warning(
            "workers.egress is not enforced: local workers are told of the proxy, but their tasks can go around it",
            metadata: ["hint": "tasks that say `isolation: container` wait for containers"])
    }
}
