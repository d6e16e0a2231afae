internal import ControlPlane
internal import Foundation
internal import Glibc
internal import Settings
internal import Supervisor
internal import TaskStore

/// What a command works with: the settings of this call, and the ways to the store and to the supervisor.
struct CommandContext: Sendable {
    /// The settings and their origins.
    let resolved: ResolvedSettings
    /// Where it prints.
    let console: Console

    /// Reads the configuration.
    init(_ global: GlobalOptions, flags: [FlagValue] = []) throws(CommandFailure) {
        console = Console(global)
        do throws(ConfigurationError) {
            resolved = try SettingsLoader.load(
                configPath: global.config, environment: ProcessInfo.processInfo.environment,
                flags: global.settingFlags + flags, workingDirectory: FileManager.default.currentDirectoryPath)
        } catch {
            throw CommandFailure(error)
        }
    }

    var settings: Settings { resolved.settings }

    /// Where everything of the pool is.
    var layout: StateLayout { StateLayout(state: settings.state, pool: settings.workers.pool) }

    /// A client of the pool's supervisor.
    func controlClient() -> ControlClient { ControlClient(socketPath: layout.controlSocket) }

    /// Asks the pool's supervisor; its errors become those of the command.
    func supervisor<Answer>(
        _ ask: (ControlClient) async throws(ControlClientError) -> Answer
    ) async throws(CommandFailure) -> Answer {
        do throws(ControlClientError) {
            return try await ask(controlClient())
        } catch {
            throw CommandFailure(error, pool: settings.workers.pool)
        }
    }

    /// Opens the store for the time of `body`; its errors become those of the command.
    ///
    /// - Parameter path: a file, instead of what is configured.
    func withStore<Answer>(
        at path: String? = nil, _ body: (any TaskStore) async throws -> Answer
    ) async throws -> Answer {
        do {
            let store: any TaskStore =
                if let path { try await SQLiteTaskStore(path: path) } else {
                    try await StoreAccess.open(settings.store)
                }
            do {
                let answer = try await body(store)
                await store.close()
                return answer
            } catch {
                await store.close()
                throw error
            }
        } catch let error as StoreError {
            throw CommandFailure(error)
        }
    }

    /// As `withStore`, for what a person does by hand: whatever `body` changes is noted with who did it.
    ///
    /// - Parameters:
    ///   - command: the command, such as `task cancel`.
    ///   - reason: why, in the person's own words.
    func withStore<Answer>(
        for command: String, reason: String? = nil, _ body: (any TaskStore) async throws -> Answer
    ) async throws -> Answer {
        let author = AuditAuthor(
            user: NSUserName(), uid: getuid(), host: ProcessInfo.processInfo.hostName, command: command, reason: reason)
        return try await AuditAuthor.$current.withValue(author) { try await withStore(body) }
    }

    /// Tells every supervisor on this host that the store changed.
    func announce(_ kind: Announcement.Kind) {
        Announcement.announce(kind, to: StateLayout.controlSockets(state: settings.state))
    }

    /// Shows what is probably not meant in the configuration.
    func showWarnings() {
        for warning in resolved.warnings { console.note("warning: \(warning.description)") }
    }
}
