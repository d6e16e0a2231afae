import ControlPlane
import Foundation
import Glibc
import Logging
import Testing

@Suite("Announcement", .timeLimit(.minutes(1)))
struct AnnouncementTests {
    @Test(arguments: [(Announcement.Kind.submitted, "wake"), (.cancelled, "check")])
    func livingSupervisorsAreToldAndDeadOnesDoNotMatter(kind: Announcement.Kind, call: String) async throws {
        let target = RecordingTarget()
        try await ServerFixture.withControlServer(target) { client, _ in
            let dead = client.socketPath + ".dead"
            try Self.leaveSocket(at: dead)
            // The first answer of a cold server may take longer than the budget of a command.
            let told = await Announcement.announce(
                kind, to: [dead, client.socketPath, "/nonexistent/control.sock"], budget: .seconds(10))
            #expect(told == 1)
        }
        #expect(target.calls == [call])
    }

    @Test func aSupervisorThatHangsCostsNoMoreThanTheBudget() async throws {
        try await ServerFixture.withDirectory { directory in
            let path = "\(directory)/control.sock"
            let listener = try Self.bind(path)
            defer { close(listener) }
            #expect(listen(listener, 1) == 0)
            let begun = ContinuousClock.now
            #expect(await Announcement.announce(.submitted, to: [path], budget: .milliseconds(200)) == 0)
            let elapsed = ContinuousClock.now - begun
            #expect(elapsed >= .milliseconds(190))
            #expect(elapsed < .seconds(5))
        }
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

    private static func bind(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
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
