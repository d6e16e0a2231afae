/// A port of the supervisor's host that leads into a worker.
package struct PortSummary: Codable, Sendable, Equatable, CustomStringConvertible {
    /// The address of the host.
    package var host: String
    /// The port of the host.
    package var hostPort: Int
    /// The port in the worker.
    package var containerPort: Int
    /// `tcp` or `udp`.
    package var transport: String

    /// Makes a value.
    package init(host: String, hostPort: Int, containerPort: Int, transport: String) {
        self.host = host
        self.hostPort = hostPort
        self.containerPort = containerPort
        self.transport = transport
    }

    /// As in `127.0.0.1:49153 -> 80/tcp`.
    package var description: String {
        "\(host.contains(":") ? "[\(host)]" : host):\(hostPort) -> \(containerPort)/\(transport)"
    }
}
