internal import Hummingbird
package import Logging

/// Serves logs of tasks to other hosts that have the token, on TCP, and nothing that changes anything.
package struct PeerServer: Sendable {
    private let host: String
    private let port: Int
    private let token: PeerToken
    private let target: any ControlTarget
    private let logger: Logger

    /// Makes a server; nothing happens before `run`.
    package init(host: String, port: Int, token: PeerToken, target: any ControlTarget, logger: Logger) {
        self.host = host
        self.port = port
        self.token = token
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
        router.addMiddleware { TokenMiddleware(token: token) }
        PeerRoutes.add(to: router, target: target)
        let port = port
        try await Listener.run(
            router, address: .hostname(host, port: port), place: "\(host):\(port)"
        ) { ready($0 ?? port) }
    }
}

/// Lets through who has the token.
private struct TokenMiddleware<Context: RequestContext>: RouterMiddleware {
    let token: PeerToken

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard token.admits(request.headers[.authorization]) else {
            throw ControlFailure(.unauthorized, "the token is missing or wrong")
        }
        return try await next(request, context)
    }
}
