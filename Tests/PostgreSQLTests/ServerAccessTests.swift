import Foundation
import Testing

@testable import PostgreSQL

/// The server that tests start on a machine that others use, too.
@Suite("Access to the test server", .timeLimit(.minutes(3)))
struct ServerAccessTests {
    /// The directory of the server's files.
    private func place() throws -> String {
        try #require(ProcessInfo.processInfo.environment["ACODE_ENGINES_DIR"]) + "/postgres"
    }

    @Test("nobody gets in without the password, nor through the socket")
    func passwordEverywhere() async throws {
        let port = try #require(URLComponents(string: try TestServer.url())?.port)
        for host in [try place() + "/run", "127.0.0.1"] {
            let target = try ConnectionTarget("host=\(host) port=\(port) user=acode dbname=acode passfile=/nonexistent")
            await #expect(throws: PostgresError.self, "\(host)") {
                let connection = try await PostgresConnection.open(target)
                await connection.close()
            }
        }
    }

    @Test("the password is for its owner only")
    func passwordFile() throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: try place() + "/password")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
}
