/// A port of this host that leads into a worker.
package struct WorkerPort: Codable, Sendable, Equatable {
    /// The address of this host.
    package var host: String
    /// The port of this host.
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
}
