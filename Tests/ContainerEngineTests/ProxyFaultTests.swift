import ContainerEngine
import Foundation
import TestSupport
import Testing

/// What becomes of engine trouble: it is told apart from the container's, nothing hangs, and it heals.
@Suite(.tags(.docker, .podman), .timeLimit(.minutes(5)), .serialized)
struct ProxyFaultTests {
    private func run(_ engine: TestEngine, _ body: (EngineFixture, SocketProxy) async throws -> Void) async throws {
        let proxy = try SocketProxy(upstream: try engine.socketPath)
        defer { proxy.stop() }
        try await EngineFixture.run(engine, through: proxy.socketPath) { try await body($0, proxy) }
    }

    @Test(arguments: TestEngine.allCases)
    func anInjectedStatusKeepsTheEnginesWords(engine: TestEngine) async throws {
        try await run(engine) { fixture, proxy in
            proxy.inject(.status(500, body: #"{"message":"disk full"}"#), onRequestsContaining: "/create", times: 1)
            let error = await engineFailure { try await fixture.create("true") }
            #expect(error?.code == .engineFailure && error?.status == 500 && error?.layer == .status)
            #expect(error?.message == "disk full" && error?.isEngineUnavailable == false)
            _ = try await fixture.create("true")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func garbageIsADecodingOrTransportError(engine: TestEngine) async throws {
        try await run(engine) { fixture, proxy in
            proxy.inject(
                .answer(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot json!".utf8)),
                onRequestsContaining: "/info", times: 1)
            #expect(await engineFailure { try await fixture.client.info() }?.layer == .decoding)
            proxy.inject(.answer(Array("???\r\n\r\n".utf8)), onRequestsContaining: "/info", times: 1)
            #expect(await engineFailure { try await fixture.client.info() }?.layer == .transport)
            _ = try await fixture.client.info()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func anAnswerCutInItsMiddleIsNotAnAnswer(engine: TestEngine) async throws {
        try await run(engine) { fixture, proxy in
            let id = try await fixture.create("true")
            proxy.inject(.cutBody(afterBytes: 100), onRequestsContaining: "\(id)/json", times: 1)
            let error = await engineFailure { try await fixture.client.inspectContainer(id) }
            #expect(error?.code == .connectionLost && error?.isEngineUnavailable == true)
            #expect(try await fixture.client.inspectContainer(id)?.id == id)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func aSilentEngineIsNoticedByThePing(engine: TestEngine) async throws {
        try await run(engine) { fixture, proxy in
            proxy.inject(.hang)
            let start = ContinuousClock.now
            let error = await engineFailure { try await fixture.client.ping(timeout: .milliseconds(200)) }
            #expect(error?.code == .noAnswer)
            #expect(start.duration(to: .now) < .seconds(2))
            let connecting = await engineFailure {
                try await EngineClient.connect(
                    to: EngineEndpoint(socketPath: proxy.socketPath), pingTimeout: .milliseconds(200),
                    logger: TestEngine.logger)
            }
            #expect(connecting?.code == .noAnswer && connecting?.hint != nil)
            proxy.clearFaults()
            try await fixture.client.ping()
        }
    }

    @Test(arguments: TestEngine.allCases)
    func aLateAnswerIsStillAnAnswer(engine: TestEngine) async throws {
        try await run(engine) { fixture, proxy in
            proxy.inject(.delay(.milliseconds(300)), onRequestsContaining: "/_ping", times: 1)
            let start = ContinuousClock.now
            try await fixture.client.ping(timeout: .seconds(5))
            #expect(start.duration(to: .now) >= .milliseconds(300))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func outputCutInsideAFrameIsAnErrorAfterTheBytes(engine: TestEngine) async throws {
        try await run(engine) { fixture, proxy in
            proxy.inject(.cutBody(afterBytes: 12), onRequestsContaining: "/attach", times: 1)
            let id = try await fixture.create("echo 0123456789; sleep 1")
            let attach = try await fixture.client.attach(id)
            try await fixture.client.startContainer(id)
            var bytes: [UInt8] = []
            let error = await engineFailure { try await attach.drain { bytes += $0.bytes } }
            #expect(String(decoding: bytes, as: UTF8.self) == "0123")
            #expect(error?.code == .connectionLost)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func brokenStreamsEndAndTheClientGoesOn(engine: TestEngine) async throws {
        try await run(engine) { fixture, proxy in
            let events = try await fixture.client.events(labels: fixture.labels)
            let id = try await fixture.start("while :; do sleep 0.05; done")
            let reader = Task { await engineFailure { for try await event in events where event.action == "never" {} } }
            proxy.cutAll()
            #expect(await reader.value?.code == .connectionLost)
            #expect(try await fixture.client.inspectContainer(id)?.state.running == true)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func aCreateIsNeverSentTwice(engine: TestEngine) async throws {
        try await run(engine) { fixture, proxy in
            try await fixture.client.ping()
            proxy.inject(.cut(afterBytes: 0), onRequestsContaining: "/create", times: 1)
            let error = await engineFailure { try await fixture.create("true") }
            #expect(error?.code == .connectionLost)
            #expect(proxy.requests.count { $0.contains("/containers/create") } == 1)
        }
    }

    @Test func anythingElseIsNotAnEngine() async throws {
        let listener = try UnixListener { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
        }
        defer { listener.stop() }
        let endpoint = EngineEndpoint(socketPath: listener.socketPath)
        let error = await engineFailure { try await EngineClient.connect(to: endpoint, logger: TestEngine.logger) }
        #expect(error?.code == .notAnEngine)
    }

    @Test(arguments: TestEngine.allCases)
    func discoveryTakesTheFirstThatAnswersAndListsThoseThatDoNot(engine: TestEngine) async throws {
        let nowhere = EngineEndpoint(socketPath: "/tmp/acode-nowhere.sock", origin: .usualPlace)
        let alsoNowhere = EngineEndpoint(socketPath: "/tmp/acode-nowhere-2.sock", origin: .usualPlace)
        let real = EngineEndpoint(socketPath: try engine.socketPath, origin: .usualPlace)
        let client = try await EngineClient.discover(candidates: [nowhere, real], logger: TestEngine.logger)
        #expect(client.endpoint == real)
        let error = await engineFailure {
            try await EngineClient.discover(candidates: [nowhere, alsoNowhere], logger: TestEngine.logger)
        }
        #expect(error?.code == .noEngine)
        #expect(error?.message.contains("acode-nowhere.sock: there is no socket") == true)
        #expect(error?.message.contains("acode-nowhere-2.sock") == true)
        let explicit = await engineFailure {
            try await EngineClient.discover(
                candidates: [EngineEndpoint(socketPath: "/tmp/acode-nowhere.sock")], logger: TestEngine.logger)
        }
        #expect(explicit?.code == .socketMissing)
    }
}
