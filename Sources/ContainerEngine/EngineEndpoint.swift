/// A Unix socket where an engine may be.
package struct EngineEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// Who named it.
    package enum Origin: String, Sendable {
        /// `--engine-socket` or the configuration.
        case option = "--engine-socket"
        /// The variable of the Docker client.
        case dockerHost = "DOCKER_HOST"
        /// The variable of the Podman client.
        case containerHost = "CONTAINER_HOST"
        /// One of the usual places.
        case usualPlace = "usual place"
    }

    /// The socket's absolute path.
    package let socketPath: String
    /// Who named it.
    package let origin: Origin

    /// Makes an endpoint.
    package init(socketPath: String, origin: Origin = .option) {
        self.socketPath = socketPath
        self.origin = origin
    }

    package var description: String { origin == .usualPlace ? socketPath : "\(socketPath) (\(origin.rawValue))" }
}
