import ContainerEngine
import Foundation
import TestSupport
import Testing

/// The same mistake has the same code on every engine.
@Suite(.tags(.docker, .podman), .timeLimit(.minutes(5)), .serialized)
struct ErrorTests {
    private let missing = String(repeating: "ab", count: 32)

    @Test(arguments: TestEngine.allCases)
    func aNameInUseIsToldApart(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            _ = try await fixture.create("true")
            let error = await engineFailure { try await fixture.create("true") }
            #expect(error?.isNameInUse == true)
            #expect(error?.layer == .status)
            #expect(error?.message.contains("already in use") == true)
            #expect(error?.description.hasPrefix("create container: HTTP ") == true)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func aMissingImageIsToldApart(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            var configuration = try fixture.configuration("true")
            configuration.image = "docker.io/library/acode-no-such-image:9"
            let error = await engineFailure {
                try await fixture.client.createContainer(configuration, name: fixture.name)
            }
            #expect(error?.isImageMissing == true)
            let image = try await fixture.client.inspectImage("docker.io/library/acode-no-such-image:9")
            #expect(image == nil)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func aMissingContainerIsToldApart(engine: TestEngine) async throws {
        let client = try await engine.connect()
        let calls: [(String, () async throws -> Void)] = [
            ("start", { _ = try await client.startContainer(missing) }),
            ("stop", { _ = try await client.stopContainer(missing, timeout: .seconds(1)) }),
            ("kill", { try await client.killContainer(missing) }),
            ("wait", { _ = try await client.waitContainer(missing, timeout: .seconds(5)) }),
            ("logs", { _ = try await client.logs(missing) }),
            ("attach", { _ = try await client.attach(missing) }),
            ("stats", { _ = try await client.stats(missing) }),
        ]
        for (name, call) in calls {
            let error = await engineFailure(call)
            #expect(error?.code == .notFound, "\(name): \(String(describing: error))")
        }
        #expect(try await client.inspectContainer(missing) == nil)
        #expect(try await client.removeContainer(missing) == .wasGone)
    }

    @Test(arguments: TestEngine.allCases)
    func aMissingNetworkIsToldApart(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            var configuration = try fixture.configuration("true")
            configuration.networkMode = .named("acode-no-such-network")
            let error = await engineFailure {
                let id = try await fixture.client.createContainer(configuration, name: fixture.name).id
                try await fixture.client.startContainer(id)
            }
            #expect(error?.code == .dependencyMissing, "\(String(describing: error))")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func aCommandThatCannotRunIsToldApart(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            var configuration = try fixture.configuration("true")
            configuration.entrypoint = ["/no/such/program"]
            let id = try await fixture.client.createContainer(configuration, name: fixture.name).id
            let error = await engineFailure { try await fixture.client.startContainer(id) }
            #expect(error?.code == .commandNotRunnable, "\(String(describing: error))")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func aConfigurationThatCannotWorkIsNotSent(engine: TestEngine) async throws {
        let proxy = try SocketProxy(upstream: try engine.socketPath)
        defer { proxy.stop() }
        try await EngineFixture.run(engine, through: proxy.socketPath) { fixture in
            var configuration = try fixture.configuration("true")
            configuration.memory = 4096
            configuration.labels["a=b"] = "c"
            let error = await engineFailure {
                try await fixture.client.createContainer(configuration, name: fixture.name)
            }
            #expect(error?.code == .invalidRequest && error?.layer == .request)
            #expect(error?.message.contains("6 MiB") == true && error?.message.contains("a=b") == true)
            #expect(!proxy.requests.contains { $0.contains("create") })
        }
    }

    @Test(arguments: TestEngine.allCases)
    func aPullFromNowhereFails(engine: TestEngine) async throws {
        let client = try await engine.connect()
        let error = await engineFailure {
            try await client.pullImage("127.0.0.1:9/nothing/here:1", idleTimeout: .seconds(30), timeout: .seconds(60))
        }
        // Docker says 500, Podman 200 and an error in the stream.
        #expect(error?.operation == .pullImage)
        #expect(error?.code == .engineFailure || error?.code == .streamFailed, "\(String(describing: error))")
        #expect(error?.message.contains("refused") == true)
    }
}
