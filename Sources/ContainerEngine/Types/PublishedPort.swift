/// A port of this host that leads into a container.
package struct PublishedPort: Sendable, Equatable {
    /// The port in the container.
    package let containerPort: Int
    /// `tcp` or `udp`.
    package let proto: String
    /// The address of this host; empty or unspecified for all.
    package let hostIP: String
    /// The port of this host.
    package let hostPort: Int

    /// Makes a value.
    package init(containerPort: Int, proto: String, hostIP: String, hostPort: Int) {
        self.containerPort = containerPort
        self.proto = proto
        self.hostIP = hostIP
        self.hostPort = hostPort
    }
}
