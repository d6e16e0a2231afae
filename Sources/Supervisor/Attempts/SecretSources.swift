internal import Foundation
package import Settings
internal import WorkerPool

/// Reads configured secrets when an attempt needs them. Values exist only in the returned dictionary; no error, log or
/// description holds one.
package struct SecretSources: Sendable {
    private let sources: [String: SecretSource]
    private let commandLimit: Duration

    /// The largest secret, in bytes.
    private static let largest = 1 << 20

    /// Knows where each named secret comes from. Commands that print secrets are killed after `commandLimit`, which all of
    /// an attempt share.
    package init(_ sources: [String: SecretSource], commandLimit: Duration = .seconds(30)) {
        self.sources = sources
        self.commandLimit = commandLimit
    }

    /// The values of the named secrets.
    ///
    /// - Throws: `configuration_refused` for an unknown name, `host` for one that can't be read, `pool_closed` when `stop`
    ///   is set meanwhile.
    func read(
        _ names: [String], stop: OneShot<StopIntent> = OneShot()
    ) async throws(WorkerError) -> [String: [UInt8]] {
        let deadline = ContinuousClock.now.advanced(by: commandLimit)
        let isOver: @Sendable () async -> Void = { _ = await stop.wait(atMost: deadline - .now) }
        var values: [String: [UInt8]] = [:]
        for name in names {
            guard let source = sources[name] else {
                throw WorkerError(
                    .configurationRefused, "there is no secret named \(name) under `secrets:` in the configuration")
            }
            do throws(WorkerError) {
                values[name] = try await read(name, source, isOver)
            } catch {
                if stop.current != nil { throw WorkerError(.poolClosed, "stopped while its secrets were read") }
                throw error
            }
        }
        return values
    }

    private func read(
        _ name: String, _ source: SecretSource, _ isOver: @escaping @Sendable () async -> Void
    ) async throws(WorkerError) -> [UInt8] {
        switch source {
        case .file(let path):
            let content = try await HostFiles.secrets.run("the file of the secret \(name)") { () throws(WorkerError) in
                HostFiles.content(path, limit: Self.largest)
            }
            guard let content else {
                throw WorkerError(.host, "the secret \(name) can't be read from its file \(path)")
            }
            return content
        case .environment(let variable):
            guard let value = ProcessInfo.processInfo.environment[variable] else {
                throw WorkerError(.host, "the secret \(name): the supervisor's environment has no \(variable)")
            }
            return Array(value.utf8)
        case .command(let command):
            guard let value = await output(of: command, isOver) else {
                throw WorkerError(.host, "the secret \(name): its command failed, or took longer than \(commandLimit)")
            }
            return value
        }
    }

    private func output(
        of command: [String], _ isOver: @escaping @Sendable () async -> Void
    ) async -> [UInt8]? {
        guard let program = command.first else { return nil }
        let command = SecretCommand(program: program, arguments: Array(command.dropFirst()), limit: Self.largest)
        return await command.output(unless: isOver)
    }
}
