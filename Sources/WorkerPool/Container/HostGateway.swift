internal import ContainerEngine
internal import TaskModel

/// Gives the address `host-gateway` of extra hosts a meaning on engines that know none: this host, as it is seen from
/// the network the container will be in.
struct HostGateway: Sendable {
    static let word = ":host-gateway"

    let engine: EngineClient

    /// Replaces the word by an address, where the engine would not do it.
    ///
    /// - Returns: the network in which this host has no address; `nil` when all is well.
    /// - Throws: what the engine says when it is asked for its networks.
    func resolve(_ container: inout ContainerConfiguration) async throws(EngineError) -> String? {
        guard !engine.quirks.knowsHostGateway, container.extraHosts.contains(where: { $0.hasSuffix(Self.word) }) else {
            return nil
        }
        let name: String
        switch container.networkMode {
        case .host:
            Self.replace(with: "127.0.0.1", in: &container)
            return nil
        case .none: return "none"
        // Lists show Podman's default network under Docker's name for it.
        case .bridge: name = "bridge"
        case .named(let network): name = network
        }
        let network = try await engine.listNetworks(labels: [:]).first { $0.name == name || $0.id == name }
        // Podman writes what is no address where there is none.
        guard let gateway = network?.gateway, NetworkAddress(gateway) != nil else { return name }
        Self.replace(with: gateway, in: &container)
        return nil
    }

    private static func replace(with address: String, in container: inout ContainerConfiguration) {
        container.extraHosts = container.extraHosts.map { host in
            host.hasSuffix(word) ? "\(host.dropLast(word.count)):\(address)" : host
        }
    }
}
