internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import ServiceLifecycle

/// What both servers have in common.
enum Listener {
    /// Serves until the task is cancelled; `ready` gets the bound port, when there is one.
    static func run(
        _ router: Router<BasicRequestContext>, address: BindAddress, place: String,
        ready: @escaping @Sendable (Int?) -> Void
    ) async throws(ControlServerError) {
        let application = Application(
            router: router,
            // Monitoring must not be able to hold connections without end; no answer to it takes long.
            server: .http1(configuration: .init(idleTimeout: .seconds(60))),
            configuration: ApplicationConfiguration(
                address: address, backlog: 256,
                availableConnectionsDelegate: MaximumAvailableConnections(256)),
            onServerRunning: { ready($0.localAddress?.port) },
            // The framework reports every connection that a shutdown cuts as an error; our own lines come from the routes.
            logger: Logger(label: "acode.http") { _ in SwiftLogNoOpLogHandler() })
        do {
            try await serve(application)
        } catch {
            if Task.isCancelled { return }
            throw ControlServerError(
                .bindFailed, "can't listen on \(place): \(reason(error))",
                hint: "choose another address, or end what listens there")
        }
        guard Task.isCancelled else { throw ControlServerError(.stopped, "the server on \(place) stopped") }
    }

    /// What the system said, without the call that it said it to.
    private static func reason(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }

    /// Runs the application until the task is cancelled. It must end by its own graceful shutdown: a server that is simply
    /// cancelled can drop a connection it has just accepted, and the framework ends the process for that.
    private static func serve(_ application: some ApplicationProtocol) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [application], logger: Logger(label: "acode.http") { _ in SwiftLogNoOpLogHandler() })
        // A client that follows a log must not hold the end up.
        configuration.maximumGracefulShutdownDuration = .seconds(2)
        let services = ServiceGroup(configuration: configuration)
        // Not a child task, so that cancelling does not reach it before the graceful shutdown.
        let running = Task { try await services.run() }
        try await withTaskCancellationHandler {
            try await running.value
        } onCancel: {
            // The handler can't wait itself.
            Task { await services.triggerGracefulShutdown() }
        }
    }
}
