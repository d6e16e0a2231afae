internal import Hummingbird
package import Logging

/// Serves health, queue counts and metrics on TCP, and nothing that changes anything.
package struct HealthServer: Sendable {
    private let host: String
    private let port: Int
    private let target: any ControlTarget
    private let logger: Logger

    /// Makes a server; nothing happens before `run`. Port 0 lets the system choose.
    package init(host: String, port: Int, target: any ControlTarget, logger: Logger) {
        self.host = host
        self.port = port
        self.target = target
        self.logger = logger
    }

    /// Serves until the task is cancelled.
    ///
    /// - Parameter ready: called once with the port, when connections are accepted.
    /// - Throws: `bind_failed`, or `stopped` when it stopped without being asked.
    package func run(ready: @escaping @Sendable (Int) -> Void = { _ in }) async throws(ControlServerError) {
        let router = Router(context: BasicRequestContext.self)
        router.addMiddleware { FailureMiddleware(logger: logger) }
        HealthRoutes.add(to: router, target: target)
        let port = port
        try await Listener.run(
            router, address: .hostname(host, port: port), place: "\(host):\(port)"
        ) { ready($0 ?? port) }
    }
}
