import ControlPlane
import Foundation
import HTTPTransport
import Logging
import Synchronization
import Testing

@Suite("Health routes", .timeLimit(.minutes(3)))
struct HealthRoutesTests {
    @Test(arguments: [([], 200), (["the engine does not answer"], 503)])
    func readinessSaysWhyNot(reasons: [String], status: Int) async throws {
        let target = RecordingTarget()
        target.state.withLock { $0.reasons = reasons }
        try await ServerFixture.withControlServer(target) { client, http in
            for path in ["/readyz", "/health"] {
                let response = try await http.send(HTTPRequest(.get, path))
                #expect(response.status == status)
            }
            let answer = try await client.readiness()
            #expect(answer == reasons)
            // A supervisor that can't take tasks is alive all the same.
            let live = try await http.send(HTTPRequest(.get, "/livez"))
            #expect(live.status == 200)
        }
    }

    @Test func countsAndMetricsAreServed() async throws {
        try await ServerFixture.withControlServer(RecordingTarget()) { client, http in
            let status = try await client.queueStatus()
            #expect(status.queues == [QueueSummary(queue: "default", counts: ["enqueued": 3])])
            let metrics = try await client.metricsText()
            #expect(metrics.hasPrefix("# TYPE acode_workers gauge\n"))
            let head = try await http.send(HTTPRequest(.get, "/metrics")).headers
            #expect(head["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    @Test func onTCPNothingElseIsServed() async throws {
        let target = RecordingTarget()
        let server = HealthServer(host: "127.0.0.1", port: 0, target: target, logger: Logger(label: "test"))
        let port = Mutex(0)
        let serve: @Sendable (@escaping @Sendable () -> Void) async throws -> Void = { ready in
            try await server.run { bound in
                port.withLock { $0 = bound }
                ready()
            }
        }
        try await ServerFixture.serving(serve) {
            let bound = port.withLock { $0 }
            for path in ["/livez", "/readyz", "/health", "/queue/status", "/metrics"] {
                let status = try await Self.status("GET", path, port: bound)
                #expect(status == 200, "\(path)")
            }
            for path in ["/v1/status", "/v1/workers", "/", "/v1/workers/abc/logs"] {
                let status = try await Self.status("GET", path, port: bound)
                #expect(status == 404, "\(path)")
            }
            for path in ["/v1/stop", "/v1/drain", "/v1/wake"] {
                let status = try await Self.status("POST", path, port: bound)
                #expect(status == 404, "\(path)")
            }
        }
        #expect(target.calls.isEmpty)
    }

    @Test func anAddressInUseIsRefused() async throws {
        let target = RecordingTarget()
        let port = Mutex(0)
        let first = HealthServer(host: "127.0.0.1", port: 0, target: target, logger: Logger(label: "test"))
        let serve: @Sendable (@escaping @Sendable () -> Void) async throws -> Void = { ready in
            try await first.run { bound in
                port.withLock { $0 = bound }
                ready()
            }
        }
        try await ServerFixture.serving(serve) {
            let second = HealthServer(
                host: "127.0.0.1", port: port.withLock { $0 }, target: target, logger: Logger(label: "test"))
            let error = await #expect(throws: ControlServerError.self) { try await second.run() }
            #expect(error?.code == .bindFailed)
        }
    }

    private static func status(_ method: String, _ path: String, port: Int) async throws -> Int {
        try await RawHTTP.status(
            of: "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            port: port)
    }
}
