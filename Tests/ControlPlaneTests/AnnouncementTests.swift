import ControlPlane
import Foundation
import Glibc
import Logging
import Testing

@Suite("Announcement", .timeLimit(.minutes(3)))
struct AnnouncementTests {
    @Test(arguments: [(Announcement.Kind.submitted, "wake"), (.cancelled, "check")])
    func livingSupervisorsAreToldAndDeadOnesDoNotMatter(kind: Announcement.Kind, call: String) async throws {
        let target = RecordingTarget()
        try await ServerFixture.withControlServer(target) { client, _ in
            // Another pool's directory, as its killed supervisor left it.
            let directory = (client.socketPath as NSString).deletingLastPathComponent + "/dead"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            try Self.leaveSocket(at: "\(directory)/bell.sock")
            let dead = "\(directory)/control.sock"
            let told = Announcement.announce(kind, to: [dead, client.socketPath, "/nonexistent/control.sock"])
            #expect(told == 1)
            // A datagram has no answer: what was heard shows at the other end.
            let deadline = ContinuousClock.now.advanced(by: .seconds(10))
            while target.calls.isEmpty, ContinuousClock.now < deadline { await Task.yield() }
        }
        #expect(target.calls == [call])
    }

    @Test func aSupervisorThatDoesNotListenCostsNothing() throws {
        // mkdtemp(3) puts random characters in the place of the Xs.
        let directory = try #require(mkdtemp(strdup("/tmp/acode-bell-XXXXXX")).map { String(cString: $0) })
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = "\(directory)/control.sock"
        let listener = try Self.bind(path, beside: "bell.sock")
        defer { close(listener) }
        #expect(listen(listener, 1) == 0)
        // Nobody accepts: the queue fills up, and the sender must not wait.
        for _ in 0..<200 { #expect(Announcement.announce(.submitted, to: [path]) == 1) }
    }

    @Test func withoutASupervisorTheErrorSaysSo() async throws {
        try await ServerFixture.withDirectory { directory in
            let path = "\(directory)/control.sock"
            for prepare in [{}, { try Self.leaveSocket(at: path) }] {
                try prepare()
                let error = await #expect(throws: ControlClientError.self) {
                    try await ControlClient(socketPath: path).status()
                }
                #expect(error?.code == .noSupervisor)
            }
        }
    }

    /// A socket as a killed process leaves it: there, and nobody listens.
    private static func leaveSocket(at path: String) throws { close(try bind(path)) }

    private static func bind(_ path: String) throws -> Int32 { try bind(path, SOCK_STREAM) }

    private static func bind(_ path: String, beside name: String) throws -> Int32 {
        try bind((path as NSString).deletingLastPathComponent + "/" + name, SOCK_STREAM)
    }

    private static func bind(_ path: String, _ type: __socket_type) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(type.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        return descriptor
    }
}
