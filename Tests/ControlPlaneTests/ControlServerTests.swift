import ContainerEngine
import ControlPlane
import Foundation
import HTTPTransport
import Logging
import Synchronization
import Testing

@Suite("Control server and client", .timeLimit(.minutes(3)))
struct ControlServerTests {
    @Test func statusComesBackAsItWas() async throws {
        try await ServerFixture.withControlServer(RecordingTarget()) { client, _ in
            let status = try await client.status()
            // Times travel in milliseconds.
            #expect(abs(status.startedAt.timeIntervalSince(RecordingTarget.summary.startedAt)) < 0.0006)
            var expected = RecordingTarget.summary
            expected.startedAt = status.startedAt
            #expect(status == expected)
        }
    }

    @Test func workersComeBackAsTheyWere() async throws {
        let target = RecordingTarget()
        let busy = WorkerSummary(
            id: "abc", containerName: "acode-worker-abc", containerID: "f00d", status: "busy", profile: "busybox 1 cpu",
            task: "0198", attempt: 2,
            usage: .init(cpuCores: 0.5, memoryBytes: 1, memoryLimitBytes: 2, processes: 3, processLimit: 4))
        target.state.withLock {
            $0.workers = [busy, WorkerSummary(id: "def", status: "idle", profile: "local process")]
        }
        try await ServerFixture.withControlServer(target) { client, _ in
            let all = try await client.workers()
            #expect(all == target.workerSummaries())
            let one = try await client.worker("abc")
            #expect(one == busy)
            let error = await #expect(throws: ControlClientError.self) { try await client.worker("xyz") }
            #expect(error?.failure?.code == .notFound)
        }
    }

    @Test func requestsReachTheSupervisor() async throws {
        let target = RecordingTarget()
        target.state.withLock { $0.workers = [WorkerSummary(id: "abc", status: "idle", profile: "p")] }
        try await ServerFixture.withControlServer(target) { client, _ in
            try await client.wake()
            try await client.checkLeases()
            try await client.drain()
            try await client.stop(force: false)
            try await client.stop(force: true)
            try await client.stopWorker("abc", force: true)
            await #expect(throws: ControlClientError.self) { try await client.stopWorker("nobody", force: false) }
            try await client.restartWorker("abc", force: false)
            try await client.restartAll(force: true)
            await #expect(throws: ControlClientError.self) { try await client.restartWorker("nobody", force: false) }
            try await client.scale(to: 3)
            for refused in [99, -1, 257] {
                await #expect(throws: ControlClientError.self) { try await client.scale(to: refused) }
            }
        }
        #expect(
            target.calls == [
                "wake", "check", "drain", "stop force false", "stop force true", "stop abc force true",
                "stop nobody force false", "restart abc force false", "restart all force true",
                "restart nobody force false", "scale to 3", "scale to 99",
            ])
    }

    @Test func everyKeyOfAWorkerIsThereEvenWhenItIsUnknown() async throws {
        let target = RecordingTarget()
        target.state.withLock { $0.workers = [WorkerSummary(id: "abc", status: "idle", profile: "p")] }
        try await ServerFixture.withControlServer(target) { _, http in
            let body = try await http.send(HTTPRequest(.get, "/v1/workers")).body
            #expect(
                String(decoding: body, as: UTF8.self)
                    == #"[{"attempt":null,"containerID":null,"containerName":null,"id":"abc","ports":[],"profile":"p","#
                    + #""reason":null,"retryAt":null,"status":"idle","task":null,"usage":null}]"# + "\n")
        }
    }

    @Test(arguments: [
        ("GET", "/v1/nothing", "", 404, "not_found"), ("POST", "/v1/status", "", 404, "not_found"),
        ("POST", "/v1/stop", "force", 400, "bad_request"), ("POST", "/v1/stop", "{}", 400, "bad_request"),
        ("POST", "/v1/stop", String(repeating: " ", count: 5000), 413, "too_large"),
        ("GET", "/v1/workers/abc/logs?tail=-1", "", 400, "bad_request"),
        ("GET", "/v1/workers/abc/logs?tail=x", "", 400, "bad_request"),
        ("GET", "/v1/workers/gone/logs", "", 404, "not_found"), ("GET", "/queue/status", "", 503, "unavailable"),
    ])
    func refusalsAreJSONWithACode(
        method: String, target path: String, body: String, status: Int, code: String
    ) async throws {
        let target = RecordingTarget()
        target.state.withLock {
            $0.workers = [WorkerSummary(id: "abc", status: "idle", profile: "p")]
            $0.storeWorks = false
        }
        try await ServerFixture.withControlServer(target) { _, http in
            let request = HTTPRequest(
                method == "GET" ? .get : .post, path, body: body.isEmpty ? .none : .bytes(Array(body.utf8)))
            let response = try await http.send(request)
            #expect(response.status == status)
            #expect(response.headers["Content-Type"] == "application/json")
            let answer = try #require(
                try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: [String: String]])
            #expect(answer["error"]?["code"] == code)
            #expect(answer["error"]?["message"]?.isEmpty == false)
        }
        #expect(!target.calls.contains { $0.hasPrefix("stop") })
    }

    @Test func outputComesByteForByteAndInOrder() async throws {
        let target = RecordingTarget()
        let large = LogFrame(stream: .stdout, bytes: (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0) })
        let frames = [
            LogFrame(stream: .stdout, bytes: [0, 255, 10]), LogFrame(stream: .stderr, bytes: Array("no newline".utf8)),
            large,
        ]
        target.state.withLock {
            $0.workers = [WorkerSummary(id: "abc", status: "busy", profile: "p")]
            $0.output = frames
        }
        try await ServerFixture.withControlServer(target) { client, _ in
            var stdout: [UInt8] = []
            var stderr: [UInt8] = []
            try await client.workerLogs("abc", tail: 7, since: Date(timeIntervalSince1970: 1.5)) { frame in
                if frame.stream == .stdout { stdout += frame.bytes } else { stderr += frame.bytes }
            }
            #expect(stdout == [0, 255, 10] + large.bytes)
            #expect(stderr == Array("no newline".utf8))
        }
        #expect(target.calls == ["output abc tail 7 since 1.5"])
    }

    @Test func theSocketIsForItsOwnerOnlyAndGoneAfterwards() async throws {
        try await ServerFixture.withDirectory { directory in
            let path = "\(directory)/control.sock"
            // What a killed supervisor leaves must not be in the way.
            try Data().write(to: URL(fileURLWithPath: "\(directory)/control.sock.lock"))
            let server = ControlServer(socketPath: path, target: RecordingTarget(), logger: Logger(label: "test"))
            try await ServerFixture.serving { ready in
                try await server.run(ready: ready)
            } during: {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func aSecondServerLeavesTheFirstAlone() async throws {
        let target = RecordingTarget()
        try await ServerFixture.withControlServer(target) { client, _ in
            let second = ControlServer(
                socketPath: client.socketPath, target: RecordingTarget(), logger: Logger(label: "test"))
            let error = await #expect(throws: ControlServerError.self) { try await second.run() }
            #expect(error?.code == .socketInUse)
            try await client.wake()
        }
        #expect(target.calls == ["wake"])
    }

    @Test func aPathThatIsTooLongIsRefusedWithItsLimit() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 110)
        let server = ControlServer(socketPath: path, target: RecordingTarget(), logger: Logger(label: "test"))
        let error = await #expect(throws: ControlServerError.self) { try await server.run() }
        #expect(error?.code == .pathTooLong)
    }
}
