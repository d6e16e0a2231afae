import ContainerEngine
import Foundation
import Logging
import Testing

extension Tag {
    /// Needs a running Docker engine.
    @Tag static var docker: Self
    /// Needs a running Podman engine.
    @Tag static var podman: Self
}

/// A real engine that the environment names.
enum TestEngine: String, CaseIterable, CustomTestStringConvertible {
    case docker, podman

    /// A variable is not set.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    var testDescription: String { rawValue }

    static func variable(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
            throw Missing(
                description: "\(name) is not set; run: scripts/engines start && eval \"$(scripts/engines env)\"")
        }
        return value
    }

    var socketPath: String {
        get throws { try Self.variable(self == .docker ? "ACODE_TEST_DOCKER_SOCKET" : "ACODE_TEST_PODMAN_SOCKET") }
    }

    static var image: String { get throws { try variable("ACODE_TEST_IMAGE") } }

    static var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    func connect(through proxy: String? = nil) async throws -> EngineClient {
        let path = try proxy ?? socketPath
        return try await EngineClient.connect(
            to: EngineEndpoint(socketPath: path), pingTimeout: .seconds(10), logger: Self.logger)
    }
}

/// A client, and containers that go away with the test.
struct EngineFixture {
    let client: EngineClient
    /// The label of every object of this test.
    let labels: [String: String]
    let name: String

    /// Runs a test with a client, and removes every container it left.
    static func run<Result>(
        _ engine: TestEngine, through proxy: String? = nil, _ body: (EngineFixture) async throws -> Result
    ) async throws -> Result {
        let client = try await engine.connect(through: proxy)
        let id = UUID().uuidString.prefix(8).lowercased()
        let fixture = EngineFixture(client: client, labels: ["acode.test": id], name: "acode-test-\(id)")
        do {
            let result = try await body(fixture)
            try await fixture.cleanUp(engine)
            return result
        } catch {
            try await fixture.cleanUp(engine)
            throw error
        }
    }

    private func cleanUp(_ engine: TestEngine) async throws {
        // Not through a proxy that may be broken by now.
        let direct = try await engine.connect()
        for container in try await direct.listContainers(labels: labels) {
            try await direct.removeContainer(container.id)
        }
        direct.shutdown()
        client.shutdown()
    }

    /// A small configuration that runs a script.
    func configuration(_ script: String) throws -> ContainerConfiguration {
        var configuration = ContainerConfiguration(image: try TestEngine.image)
        configuration.entrypoint = ["/bin/sh", "-c"]
        configuration.cmd = [script]
        configuration.labels = labels
        configuration.networkMode = .none
        configuration.ulimits = [
            .init(name: "nofile", soft: 1024, hard: 4096), .init(name: "nproc", soft: 4096, hard: 4096),
        ]
        return configuration
    }

    /// Creates a container that runs a script.
    func create(_ script: String) async throws -> String {
        try await client.createContainer(configuration(script), name: name).id
    }

    /// Creates and starts one.
    func start(_ script: String) async throws -> String {
        let id = try await create(script)
        try await client.startContainer(id)
        return id
    }

    /// Inspects until the state satisfies a condition; fails after 10 s.
    func state(of id: String, until condition: (ContainerState) -> Bool) async throws -> ContainerState {
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while true {
            let state = try #require(try await client.inspectContainer(id)).state
            if condition(state) { return state }
            try #require(ContinuousClock.now < end, "state stayed \(state)")
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

/// The engine error of a call that must fail.
func engineFailure<Value>(_ body: () async throws -> Value) async -> EngineError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? EngineError
    }
}
