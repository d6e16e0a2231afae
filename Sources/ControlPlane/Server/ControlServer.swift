internal import Glibc
internal import Hummingbird
package import Logging
internal import NIOCore

/// Serves a supervisor on its control socket, to the user who owns it and to nobody else.
package struct ControlServer: Sendable {
    private let socketPath: String
    private let target: any ControlTarget
    private let logger: Logger

    /// Makes a server; nothing happens before `run`.
    package init(socketPath: String, target: any ControlTarget, logger: Logger) {
        self.socketPath = socketPath
        self.target = target
        self.logger = logger
    }

    /// Serves until the task is cancelled, then removes the socket. Answers under way are cut off.
    ///
    /// - Parameter ready: called once, when connections are accepted.
    /// - Throws: why it can't listen, or `stopped` when it stopped without being asked.
    package func run(ready: @escaping @Sendable () -> Void = {}) async throws(ControlServerError) {
        let ownership = try SocketOwnership(socketPath: socketPath)
        defer { ownership.release() }
        let router = Router(context: BasicRequestContext.self)
        router.addMiddleware { FailureMiddleware(logger: logger) }
        HealthRoutes.add(to: router, target: target)
        SupervisorRoutes.add(to: router, target: target)
        WorkerRoutes.add(to: router, target: target)
        let path = socketPath
        let bell = try await announcements()
        defer {
            bell.close(promise: nil)
            unlink(path)
            unlink(Announcement.path(beside: path))
        }
        try await Listener.run(router, address: .unixDomainSocket(path: path), place: path) { _ in
            // The directory is closed to others already; this is for directories that a user made wider.
            chmod(path, 0o600)
            ready()
        }
    }

    private func announcements() async throws(ControlServerError) -> any Channel {
        do {
            return try await AnnouncementListener.open(controlSocket: socketPath, target: target)
        } catch {
            throw ControlServerError(
                .bindFailed, "can't listen for announcements beside \(socketPath): \(error)",
                hint: "make its directory writable")
        }
    }
}
