import ControlPlane
import Foundation
import HTTPTransport
import Logging
import Synchronization
import Testing

/// Runs a server for the time of a test.
enum ServerFixture {
    /// A directory of its own, short enough for a socket's path, and gone afterwards.
    static func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = "/tmp/acode-cp-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }

    /// A server on a control socket, accepting connections while `body` runs.
    static func withControlServer(
        _ target: RecordingTarget, _ body: @escaping @Sendable (ControlClient, HTTPTransport) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            let path = "\(directory)/control.sock"
            let server = ControlServer(socketPath: path, target: target, logger: Logger(label: "test"))
            try await serving { ready in
                try await server.run(ready: ready)
            } during: {
                try await body(ControlClient(socketPath: path), HTTPTransport(socketPath: path))
            }
        }
    }

    /// Runs `serve` until `body` has returned.
    static func serving(
        _ serve: @escaping @Sendable (@escaping @Sendable () -> Void) async throws -> Void,
        during body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let (started, starter) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await serve { starter.yield() }
            }
            group.addTask {
                for await _ in started { break }
                try await body()
            }
            // Whichever ends first: the body, or a server that can't listen.
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
