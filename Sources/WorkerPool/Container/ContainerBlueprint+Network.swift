internal import AgentProtocol
internal import ContainerEngine
internal import Settings
internal import TaskModel

extension ContainerBlueprint {
    /// Puts a container into its network: where egress is limited, into none, with the agent's relay as its way out.
    func connect(
        _ container: inout ContainerConfiguration, _ settings: WorkersSettings, _ profile: WorkerProfile
    ) {
        let docker = settings.docker
        guard !WorkerEgress.policy(of: profile, settings).isRestricted else {
            container.networkMode = .none
            // Without a network there is no gateway.
            container.extraHosts = docker.extraHosts.filter { !$0.hasSuffix(HostGateway.word) }
            container.cmd? += [
                "--egress-socket", "\(Self.socketDirectory)/\(EgressPlace.socketName)", "--egress-port",
                "\(EgressPlace.containerPort)",
            ]
            // The agent gives them to tasks by itself; these are for who looks around with `exec`.
            container.env.merge(EgressPlace.environment(port: EgressPlace.containerPort)) { $1 }
            return
        }
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
