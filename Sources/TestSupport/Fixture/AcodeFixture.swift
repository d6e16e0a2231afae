internal import Foundation
internal import Glibc
internal import Synchronization

/// One test's own world: a scratch state and runtime directory, a pool name nobody else has, and the built program.
///
/// Whatever is started through it is ended when the closure of `with` returns, last in first out; a container, process,
/// volume, network or mount that is then still there is removed and fails the test. Logs of everything that ran stay in
/// `logs` until the same test runs again.
package final class AcodeFixture: Sendable {
    /// Random, `[a-z0-9]`.
    package let id: String
    /// The pool of supervisors that name none.
    package let pool: String
    /// Scratch; short, because paths of sockets are limited to 107 bytes.
    package let directory: String
    /// Outputs of every program that ran, numbered in the order of their start.
    package let logs: String
    /// The program under test.
    let binary: String
    private let cleanups = Mutex<[@Sendable () async throws -> Void]>([])

    /// `state.dir`.
    package var stateDirectory: String { "\(directory)/state" }
    /// `state.runtimeDir`.
    package var runtimeDirectory: String { "\(directory)/run" }
    /// Where secrets are, because the runtime directory is on a disk; of this test's own user, once a supervisor has run.
    package var secretsDirectory: String {
        "/dev/shm/acode-\(getuid())/\(Leftovers.installation(of: self) ?? "none")"
    }
    /// The configuration file.
    package var configuration: String { "\(directory)/acode.yaml" }
    /// For whatever the test itself puts down.
    package var scratch: String { "\(directory)/scratch" }

    private init(name: String, settings: [String: JSONValue]) throws {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        id = String((0..<8).map { _ in alphabet[Int.random(in: 0..<36)] })
        pool = "t-\(id)"
        directory = "/tmp/acode-t-\(id)"
        logs = "\(NSTemporaryDirectory())/acode-test-logs/\(name)"
        binary = try AcodeBinary.path()
        let manager = FileManager.default
        try? manager.removeItem(atPath: logs)
        for path in [logs, directory, scratch, "\(directory)/tmp"] {
            try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        // JSON is YAML.
        try write(try SettingsTree.nested(settings).encoded(), to: configuration)
    }

    /// Runs a test in a fixture of its own.
    ///
    /// - Parameters:
    ///   - name: names the logs; a parametrised test adds its argument.
    ///   - settings: settings by their dotted path, for every command of the test.
    /// - Throws: what `body` throws, with what the supervisors said; `LeftBehind`.
    @discardableResult
    package static func with<Value: Sendable>(
        _ name: String = #function, settings: [String: JSONValue] = [:],
        _ body: (AcodeFixture) async throws -> Value
    ) async throws -> Value {
        guard TestDatabase.isFixturesStore, settings["store.url"] == nil, settings["store.path"] == nil else {
            return try await alone(name, settings: settings, body)
        }
        return try await TestDatabase.with { database in
            let settings = settings.merging(["store.url": .string(database.url)]) { own, _ in own }
            return try await alone(name, settings: settings) { fixture in
                try await fixture.acode("db", "migrate").succeeded()
                return try await body(fixture)
            }
        }
    }

    private static func alone<Value: Sendable>(
        _ name: String, settings: [String: JSONValue], _ body: (AcodeFixture) async throws -> Value
    ) async throws -> Value {
        let safe = String(name.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" }.prefix(80))
        let fixture = try AcodeFixture(name: safe, settings: settings)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(fixture))
        } catch {
            outcome = .failure(FixtureFailure(cause: "\(error)", logs: fixture.logs))
        }
        let left = await fixture.cleanUp()
        switch outcome {
        case .failure(let error): throw error
        case .success(let value):
            if !left.isEmpty { throw LeftBehind(things: left, logs: fixture.logs) }
            return value
        }
    }

    /// Registers what undoes something; called at the end, last first, whatever happens.
    package func atEnd(_ cleanup: @escaping @Sendable () async throws -> Void) {
        cleanups.withLock { $0.append(cleanup) }
    }

    /// Writes a file of the test.
    package func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    /// Makes a file in `scratch` and returns its path.
    package func file(_ name: String, _ text: String) throws -> String {
        try write(text, to: "\(scratch)/\(name)")
        return "\(scratch)/\(name)"
    }

    /// Makes a directory in `scratch` that anybody may write to and returns its path.
    package func openDirectory(_ name: String) throws -> String {
        let path = "\(scratch)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
        return path
    }

    private func cleanUp() async -> [String] {
        var left: [String] = []
        while let cleanup = cleanups.withLock({ $0.popLast() }) {
            do { try await cleanup() } catch { left.append("a clean-up failed: \(error)") }
        }
        left += await Leftovers.remove(of: self)
        try? FileManager.default.removeItem(atPath: directory)
        Leftovers.shrink(logs)
        return left
    }
}

/// Why a test ended, and where to read more.
package struct FixtureFailure: Error, CustomStringConvertible {
    /// The error.
    package let cause: String
    /// The outputs of all that ran.
    package let logs: String

    package var description: String { "\(cause)\n(outputs of everything that ran: \(logs))" }
}

/// The product left something behind.
package struct LeftBehind: Error, CustomStringConvertible {
    /// What, one line each.
    package let things: [String]
    /// The outputs of all that ran.
    package let logs: String

    package var description: String {
        "left behind:\n\(things.joined(separator: "\n"))\n(outputs of everything that ran: \(logs))"
    }
}
