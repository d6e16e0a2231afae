internal import ContainerEngine
internal import Foundation
internal import Glibc
internal import Logging
internal import Settings

extension CommandContext {
    /// Connects to the configured engine for the time of `body`; its errors become those of the command.
    func withEngine<Answer>(_ body: (EngineClient) async throws -> Answer) async throws -> Answer {
        do {
            let candidates = try EngineDiscovery.candidates(
                explicitSocket: settings.workers.docker.socket, environment: ProcessInfo.processInfo.environment,
                userID: geteuid())
            let engine = try await EngineClient.discover(
                candidates: candidates, logger: Logger(label: "acode", factory: { _ in SwiftLogNoOpLogHandler() }))
            defer { engine.shutdown() }
            return try await body(engine)
        } catch let error as EngineError {
            throw CommandFailure(
                error.isEngineUnavailable ? ExitCodes.unavailable : ExitCodes.failed, error.message, hint: error.hint)
        }
    }
}
