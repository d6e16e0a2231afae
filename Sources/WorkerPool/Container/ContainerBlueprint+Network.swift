internal import ContainerEngine
internal import Settings

extension ContainerBlueprint {
    /// Puts a container into its network.
    func connect(_ container: inout ContainerConfiguration, _ docker: DockerSettings) {
        container.networkMode = Self.network(docker.network)
        container.dns = docker.dns
        container.dnsSearch = docker.dnsSearch
        container.extraHosts = docker.extraHosts
        container.portBindings = docker.ports.map { port in
            .init(
                containerPort: port.containerPort, proto: port.transport.rawValue, hostIP: port.host,
                hostPort: port.hostPort ?? 0)
        }
    }

    private static func network(_ name: String) -> ContainerConfiguration.NetworkMode {
        switch name {
        case "bridge": .bridge
        case "host": .host
        case "none": .none
        default: .named(name)
        }
    }
}
