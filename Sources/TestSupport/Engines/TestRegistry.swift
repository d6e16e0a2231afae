internal import Foundation

/// A real image registry on loopback, made by `scripts/engines start`.
package struct TestRegistry: Sendable {
    /// Its port on 127.0.0.1.
    package let port: UInt16
    /// `user:password`; `nil` when it wants none.
    package let credentials: String?

    /// One for everybody.
    ///
    /// - Throws: `EngineNotConfigured`, so that a test without it fails instead of being skipped.
    package static var `public`: TestRegistry { get throws { try TestRegistry("ACODE_TEST_REGISTRY") } }
    /// One with a password.
    ///
    /// - Throws: `EngineNotConfigured`.
    package static var `private`: TestRegistry { get throws { try TestRegistry("ACODE_TEST_PRIVATE_REGISTRY") } }

    private init(_ variable: String) throws {
        let parts = (ProcessInfo.processInfo.environment[variable] ?? "").split(separator: "@")
        guard let address = parts.last, let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw EngineNotConfigured(variable: variable)
        }
        self.port = port
        credentials = parts.count > 1 ? String(parts[0]) : nil
    }

    /// Host and port.
    package var host: String { "127.0.0.1:\(port)" }

    /// Puts an image there whose content nobody has, and returns its manifest's digest. It runs `/busybox`.
    ///
    /// - Parameter padding: bytes of one layer that can't be compressed.
    /// - Throws: `UnexpectedEnd` with what the registry said.
    @discardableResult
    package func push(_ repository: String, tag: String = "1", padding: Int = 1000) async throws -> String {
        let push = try await ChildProcess.tool(
            ProcessPlan(
                "/bin/sh",
                ["\(Checkout.root)/images/testing/push", host, repository, tag, String(padding), credentials ?? ""]),
            within: .seconds(60))
        return push.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A proxy in front of it that goes wrong on demand. Images are then asked for under the proxy's own port.
    package func proxy() throws -> SocketProxy { try SocketProxy(upstreamPort: port) }
}

extension SocketProxy {
    /// Host and port of a TCP proxy.
    package var host: String { "127.0.0.1:\(port)" }

    /// How often an image's manifest was asked for by name.
    package func manifestRequests(_ repository: String, tag: String = "1") -> Int {
        requests.count { $0.contains("/v2/\(repository)/manifests/\(tag) ") && !$0.hasPrefix("HEAD") }
    }
}
