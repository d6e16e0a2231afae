internal import HTTPTransport

extension EngineError {
    /// What a person can do about it, when there is something.
    package var hint: String? {
        switch code {
        case .socketMissing, .connectionRefused:
            "start the engine (systemctl start docker, or systemctl start podman.socket), or name its socket with --engine-socket or DOCKER_HOST"
        case .permissionDenied:
            "add this user to the group that owns \(endpoint) (for Docker: usermod -aG docker USER, then log in again), "
                + "or use a rootless Podman"
        case .noAnswer: "the engine accepts connections but does not answer; look at its log, restart it"
        case .notAnEngine: "\(endpoint) is not the socket of Docker or Podman; name the right one with --engine-socket"
        case .apiTooOld:
            "upgrade the engine to one with API \(EngineAPIVersion.oldest) or newer (Docker 20.10, Podman 4)"
        case .unsupportedEndpoint: "only Unix sockets are supported: unix:///path/to/docker.sock"
        case .noEngine: "install Docker or Podman, or name its socket with --engine-socket or DOCKER_HOST"
        case .outOfSpace:
            "free space where the engine keeps its data (docker system df, podman system df), or move it to a larger disk"
        case .unauthorized: "log in to the registry, or configure its credentials"
        default: nil
        }
    }

    /// The transport's error as an engine's.
    init(_ error: TransportError, operation: EngineOperation, endpoint: String, path: String?) {
        let code: Code =
            switch error.code {
            case .socketMissing: .socketMissing
            case .permissionDenied: .permissionDenied
            case .connectionRefused, .connectFailed: .connectionRefused
            case .timedOut: .timedOut
            case .noAnswer, .cut, .shutDown: .connectionLost
            case .cancelled: .cancelled
            case .malformedAnswer, .responseTooLarge, .invalidRequest, .uploadFailed, .other: .transport
            }
        self.init(
            code, layer: .transport, operation: operation, endpoint: endpoint, path: path, message: error.description,
            cause: error)
    }
}
