import Foundation
import HTTPTransport
import Logging
import Synchronization
import Testing

@testable import ControlPlane

@Suite("Peers", .timeLimit(.minutes(3)))
struct PeerTests {
    private static let token = PeerToken("0123456789abcdef0123456789abcdef")
    private static let task = "0198c5a2-0000-7000-8000-000000000001"

    private static func serving(
        _ target: RecordingTarget, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let server = PeerServer(
            host: "127.0.0.1", port: 0, token: token, target: target, logger: Logger(label: "test"))
        let port = Mutex(0)
        try await ServerFixture.serving { ready in
            try await server.run { bound in
                port.withLock { $0 = bound }
                ready()
            }
        } during: {
            try await body(port.withLock { $0 })
        }
    }

    @Test func aLogIsReadFromWhereItIsAskedFor() async throws {
        let target = RecordingTarget()
        try await Self.serving(target) { port in
            let client = PeerClient(host: "127.0.0.1", port: port, token: Self.token)
            for (offset, text) in [(0, "0123456789"), (7, "789"), (10, "")] as [(Int64, String)] {
                let part = try await client.log(task: Self.task, attempt: 1, offset: offset)
                #expect(String(decoding: part, as: UTF8.self) == text)
            }
            let error = await #expect(throws: ControlClientError.self) {
                _ = try await client.log(task: Self.task, attempt: 2, offset: 0)
            }
            #expect(error?.failure?.code == .notFound)
            #expect(try await client.log(task: Self.task, attempt: 1, offset: 10, installation: "own").isEmpty)
            let other = await #expect(throws: ControlClientError.self) {
                _ = try await client.log(task: Self.task, attempt: 1, offset: 0, installation: "other")
            }
            #expect(other?.failure?.code == .misdirected)
        }
        #expect(target.calls.first == "log \(Self.task) 1 0")
    }

    @Test func whoHasAnotherTokenOrNoneIsRefusedEverywhere() async throws {
        let target = RecordingTarget()
        try await Self.serving(target) { port in
            let wrong = PeerClient(
                host: "127.0.0.1", port: port, token: PeerToken("0123456789abcdef0123456789abcdeF"))
            let error = await #expect(throws: ControlClientError.self) {
                _ = try await wrong.log(task: Self.task, attempt: 1, offset: 0)
            }
            #expect(error?.failure?.code == .unauthorized)
            for path in ["/v1/tasks/\(Self.task)/attempts/1/log", "/v1/status", "/", "/metrics"] {
                let status = try await RawHTTP.status(of: Self.get(path, nil), port: port)
                #expect(status == 401, "\(path)")
            }
        }
        #expect(target.calls.isEmpty)
    }

    @Test func aPlaceThatIsTakenIsToldInPlainWords() async throws {
        let target = RecordingTarget()
        try await Self.serving(target) { port in
            let second = PeerServer(
                host: "127.0.0.1", port: port, token: Self.token, target: target, logger: Logger(label: "test"))
            let error = await #expect(throws: ControlServerError.self) { try await second.run() }
            #expect(error?.message == "can't listen on 127.0.0.1:\(port): Address already in use")
        }
    }

    @Test func nothingButReadingIsServed() async throws {
        let target = RecordingTarget()
        try await Self.serving(target) { port in
            let header = Self.token.header
            let status = try await RawHTTP.status(of: Self.get("/v1/status", header), port: port)
            #expect(status == 200)
            for path in ["/v1/stop", "/v1/drain", "/v1/wake", "/v1/restart", "/v1/gc", "/v1/handover"] {
                let request = Self.get(path, header, method: "POST")
                let status = try await RawHTTP.status(of: request, port: port)
                #expect(status == 404, "\(path)")
            }
            for path in [
                "/v1/tasks/..%2F..%2Fetc/attempts/1/log", "/v1/tasks/\(Self.task)/attempts/0/log",
                "/v1/tasks/\(Self.task)/attempts/-1/log", "/v1/tasks/\(Self.task)/attempts/..%2F1/log",
                "/v1/tasks/\(Self.task)/attempts/1/log?offset=-1", "/v1/tasks/\(Self.task)/attempts/1/log?offset=x",
            ] {
                let status = try await RawHTTP.status(of: Self.get(path, header), port: port)
                #expect(status == 400, "\(path)")
            }
        }
        #expect(target.calls.isEmpty)
    }

    private static func get(_ path: String, _ token: String?, method: String = "GET") -> String {
        let header = token.map { "Authorization: \($0)\r\n" } ?? ""
        return "\(method) \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\(header)\r\n"
    }

    @Test(
        arguments: [
            ("Bearer 0123456789abcdef0123456789abcdef", true), (nil, false), ("", false), ("Bearer ", false),
            ("Bearer 0123456789abcdef0123456789abcde", false), ("Bearer 0123456789abcdef0123456789abcdef0", false),
            ("0123456789abcdef0123456789abcdef", false), ("bearer 0123456789abcdef0123456789abcdef", false),
        ] as [(String?, Bool)])
    func aTokenAdmitsOnlyItself(header: String?, expected: Bool) {
        #expect(Self.token.admits(header) == expected)
        #expect(!"\(Self.token)".contains("0123") && !String(reflecting: Self.token).contains("0123"))
    }

    @Test func aTokenIsNotWaitedForInAFIFO() async throws {
        try await ServerFixture.withDirectory { directory in
            try #require(mkfifo("\(directory)/token", 0o600) == 0)
            let error = #expect(throws: PeerTokenProblem.self) { try PeerToken(file: "\(directory)/token") }
            #expect(error?.message == "\(directory)/token is not a file")
        }
    }

    @Test(
        arguments: [
            ("0123456789abcdef0123456789abcdef\n", 0o600, nil),
            ("0123456789abcdef0123456789abcdef", 0o640, "can be read by others"),
            ("0123456789abcdef0123456789abcde\n", 0o600, "does not hold a token"),
            ("0123456789abcdef 123456789abcdef0", 0o600, "does not hold a token"),
        ] as [(String, Int, String?)])
    func aTokenIsReadFromAFileOfItsOwner(content: String, mode: Int, problem: String?) async throws {
        try await ServerFixture.withDirectory { directory in
            let path = "\(directory)/token"
            try Data(content.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            do throws(PeerTokenProblem) {
                #expect(try PeerToken(file: path).header == Self.token.header)
                #expect(problem == nil)
            } catch {
                #expect(problem.map { error.message.contains($0) } == true, "\(error)")
            }
        }
    }
}
