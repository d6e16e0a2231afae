/// A port of every container of the pool that is made reachable from this host.
package struct PortPublication: Sendable, Hashable, CustomStringConvertible {
    /// What travels.
    package enum Transport: String, Sendable, Hashable, CaseIterable {
        case tcp, udp
    }

    /// The address of this host it is reached at; loopback where none is given, never all addresses by itself.
    package var host: String
    /// The port of this host; `nil` lets the engine choose a free one for each container.
    package var hostPort: Int?
    /// The port in the container.
    package var containerPort: Int
    /// TCP or UDP.
    package var transport: Transport

    /// Makes a value; nothing is checked.
    package init(
        host: String = "127.0.0.1", hostPort: Int? = nil, containerPort: Int, transport: Transport = .tcp
    ) {
        self.host = host
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.transport = transport
    }

    /// As it is written in full: `127.0.0.1:8080:80/tcp`, or `127.0.0.1::80/tcp` without a fixed port.
    package var description: String {
        "\(writtenHost):\(hostPort.map(String.init) ?? ""):\(containerPort)/\(transport.rawValue)"
    }

    /// Where it is reached, as `127.0.0.1:8080`.
    package var place: String { "\(writtenHost):\(hostPort.map(String.init) ?? "")" }

    /// Whether both can't be had at once.
    package func collides(with other: PortPublication) -> Bool {
        guard let hostPort, hostPort == other.hostPort, transport == other.transport else { return false }
        return host == other.host || isEverywhere || other.isEverywhere
    }

    private var writtenHost: String { host.contains(":") ? "[\(host)]" : host }

    private var isEverywhere: Bool { host == "0.0.0.0" || host == "::" }
}
