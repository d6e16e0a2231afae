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

    /// A limit that is not enforced must not be taken for one that is.
    func warnOfOpenEgress() {
        guard settings.workers.egress.isRestricted else { return }
        logger.warning(
            "workers.egress is not enforced: local workers are told of the proxy, but their tasks can go around it",
            metadata: ["hint": "tasks that say `isolation: container` wait for containers"])
    }
}
