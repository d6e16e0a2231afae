internal import ContainerEngine

/// Gives the address `host-gateway` of extra hosts a meaning on engines that know none: this host, as it is seen from
/// the network the container will be in.
struct HostGateway: Sendable {
    private static let word = ":host-gateway"

    let engine: EngineClient

    /// Replaces the word by an address, where there is one and the engine would not do it.
    ///
    /// - Throws: what the engine says when it is asked for its networks.
    func resolve(_ container: inout ContainerConfiguration) async throws(EngineError) {
        guard !engine.quirks.knowsHostGateway, container.extraHosts.contains(where: { $0.hasSuffix(Self.word) }) else {
            return
        }
        let name: String
        switch container.networkMode {
        case .host: return Self.replace(with: "127.0.0.1", in: &container)
        case .none: return
        // Lists show Podman's default network under Docker's name for it.
        case .bridge: name = "bridge"
        case .named(let network): name = network
        }
        let network = try await engine.listNetworks(labels: [:]).first { $0.name == name || $0.id == name }
        if let gateway = network?.gateway { Self.replace(with: gateway, in: &container) }
    }

    private static func replace(with address: String, in container: inout ContainerConfiguration) {
        container.extraHosts = container.extraHosts.map { host in
            host.hasSuffix(word) ? "\(host.dropLast(word.count)):\(address)" : host
        }
    }
}
