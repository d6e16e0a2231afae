internal import Foundation
package import Settings
internal import Subprocess
internal import WorkerPool

/// Reads configured secrets when an attempt needs them. Values exist only in the returned dictionary; no error, log or
/// description holds one.
package struct SecretSources: Sendable {
    private let sources: [String: SecretSource]
    private let commandLimit: Duration

    /// The largest secret, in bytes.
    private static let largest = 1 << 20

    /// Knows where each named secret comes from. A command that prints one is killed after `commandLimit`.
    package init(_ sources: [String: SecretSource], commandLimit: Duration = .seconds(30)) {
        self.sources = sources
        self.commandLimit = commandLimit
    }

    /// The values of the named secrets.
    ///
    /// - Throws: `configuration_refused` for an unknown name, `host` for one that can't be read.
    func read(_ names: [String]) async throws(WorkerError) -> [String: [UInt8]] {
        var values: [String: [UInt8]] = [:]
        for name in names {
            guard let source = sources[name] else {
                throw WorkerError(
                    .configurationRefused, "there is no secret named \(name) under `secrets:` in the configuration")
            }
            values[name] = try await read(name, source)
        }
        return values
    }

    private func read(_ name: String, _ source: SecretSource) async throws(WorkerError) -> [UInt8] {
        switch source {
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path), data.count <= Self.largest else {
                throw WorkerError(.host, "the secret \(name) can't be read from its file \(path)")
            }
            return [UInt8](data)
        case .environment(let variable):
            guard let value = ProcessInfo.processInfo.environment[variable] else {
                throw WorkerError(.host, "the secret \(name): the supervisor's environment has no \(variable)")
            }
            return Array(value.utf8)
        case .command(let command):
            guard let value = await output(of: command) else {
                throw WorkerError(.host, "the secret \(name): its command failed, or took longer than \(commandLimit)")
            }
            return value
        }
    }

    /// What a command prints; `nil` when it fails, prints too much or takes too long.
    private func output(of command: [String]) async -> [UInt8]? {
        guard let program = command.first else { return nil }
        return await withTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                let result = try? await Subprocess.run(
                    .name(program), arguments: Arguments(Array(command.dropFirst())), input: .none,
                    output: .bytes(limit: Self.largest), error: .discarded)
                return result.flatMap { $0.terminationStatus.isSuccess ? $0.standardOutput : nil }
            }
            group.addTask {
                try? await Task.sleep(for: commandLimit)
                return nil
            }
            // The end of the task that runs it kills the command.
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
