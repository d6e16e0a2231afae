internal import HTTPTransport
internal import Logging

/// One engine, Docker or Podman, through the Docker Engine API on its Unix socket.
///
/// One method an endpoint, in `Endpoints/`. Methods may be called from any task at the same time, none blocks a thread,
/// each has a deadline, and cancelling the calling task ends the request. All throw `EngineError`.
package final class EngineClient: Sendable {
    /// Called after each request with its duration until the answer's head and, if it failed, the cause; must not block.
    package typealias RequestObserver = @Sendable (EngineOperation, Duration, EngineError.Code?) -> Void

    /// Where the engine is.
    package let endpoint: EngineEndpoint
    /// Who it is.
    package let identity: EngineIdentity
    /// In what it differs.
    package let quirks: Quirks
    let transport: HTTPTransport
    let logger: Logger
    let observer: RequestObserver?

    init(
        endpoint: EngineEndpoint, identity: EngineIdentity, transport: HTTPTransport, logger: Logger,
        observer: RequestObserver?
    ) {
        self.endpoint = endpoint
        self.identity = identity
        quirks = Quirks(identity)
        self.transport = transport
        self.logger = logger
        self.observer = observer
    }

    /// Closes every connection; requests and streams that run fail with `connection_lost`. Does not wait.
    package func shutdown() { transport.shutdown() }

    /// Makes an error of this engine.
    func error(
        _ code: EngineError.Code, _ layer: EngineError.Layer, _ operation: EngineOperation, path: String? = nil,
        status: Int? = nil, _ message: String
    ) -> EngineError {
        EngineError(
            code, layer: layer, operation: operation, endpoint: endpoint.socketPath, path: path, status: status,
            message: message)
    }
}
