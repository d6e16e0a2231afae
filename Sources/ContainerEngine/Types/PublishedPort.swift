/// A port of this host that leads into a container. Its coding is that of the supervisor's API.
package struct PublishedPort: Codable, Sendable, Equatable, CustomStringConvertible {
    /// The address of this host; unspecified for all.
    package let host: String
    /// The port of this host.
    package let hostPort: Int
    /// The port in the container.
    package let containerPort: Int
    /// `tcp` or `udp`.
    package let transport: String

    /// Makes a value; engines say nothing as `host` where they mean all addresses.
    package init(host: String, hostPort: Int, containerPort: Int, transport: String) {
        self.host = host.isEmpty ? "0.0.0.0" : host
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.transport = transport
    }

    /// As in `127.0.0.1:49153 -> 80/tcp`.
    package var description: String {
        "\(host.contains(":") ? "[\(host)]" : host):\(hostPort) -> \(containerPort)/\(transport)"
    }
}
