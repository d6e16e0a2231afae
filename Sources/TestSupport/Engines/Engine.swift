internal import Foundation

/// A real engine the tests run against.
package enum Engine: String, CaseIterable, Sendable, CustomStringConvertible {
    case docker
    case podman

    /// Every engine: the arguments of a test that must hold for each.
    package static var all: [Engine] { allCases }

    /// Its socket, named by `ACODE_TEST_DOCKER_SOCKET` or `ACODE_TEST_PODMAN_SOCKET`.
    ///
    /// - Throws: `EngineNotConfigured`, so that a test without an engine fails instead of being skipped.
    package var socket: String {
        get throws {
            let variable = "ACODE_TEST_\(rawValue.uppercased())_SOCKET"
            guard let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty else {
                throw EngineNotConfigured(variable: variable)
            }
            return path
        }
    }

    /// The Engine API of this engine, spoken without the product.
    package var api: EngineAPI { get throws { EngineAPI(engine: self, socket: try socket) } }

    package var description: String { rawValue }
}

/// The images that `scripts/engines start` makes in each engine.
package enum TestImage {
    /// busybox; user worker (1000).
    package static var busybox: String {
        ProcessInfo.processInfo.environment["ACODE_TEST_IMAGE"] ?? "docker.io/library/acode-test:1"
    }
    /// The same with root as its user.
    package static let root = "docker.io/library/acode-test-root:1"
    /// Nothing but `/noshell [TEXT [CODE]]`.
    package static let noShell = "docker.io/library/acode-test-noshell:1"
}

/// The tests were started without what names the engines.
package struct EngineNotConfigured: Error, CustomStringConvertible {
    /// The variable that is not set.
    package let variable: String

    package var description: String {
        "\(variable) is not set. Run: scripts/engines start && eval \"$(scripts/engines env)\""
    }
}
