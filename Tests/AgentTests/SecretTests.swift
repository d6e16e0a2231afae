import AgentProtocol
import Foundation
import Testing

@Suite("Secrets in an attempt's output", .serialized, .timeLimit(.minutes(3)))
struct SecretTests {
    private static let value = "S3cr3t-of-the-agent"

    /// A request that names a secret whose file is in `directory`.
    private static func request(_ script: String, _ directory: String, names: [String] = ["token"]) -> RunRequest {
        var request = RunRequest.shell(script)
        request.secrets = names
        request.secretsDirectory = directory
        return request
    }

    @Test(arguments: [
        ("printf VALUE", "[secret token]"),
        ("printf 'a VALUE b VALUE\\n'", "a [secret token] b [secret token]\n"),
        // In two writes, with time between them.
        ("printf S3cr3t-; sleep 0.2; printf of-the-agent", "[secret token]"),
        ("printf S3cr3t-; sleep 0.1; printf of-somebody", "S3cr3t-of-somebody"),
        ("printf S3cr3t-", "S3cr3t-"),
        (
            "i=0; while [ $i -lt 2000 ]; do echo VALUE; i=$((i+1)); done",
            String(repeating: "[secret token]\n", count: 2000)
        ),
    ])
    func areMaskedOnEveryWay(_ script: String, _ shown: String) async throws {
        try await AgentFixture.connected { fixture, connection in
            try Data(Self.value.utf8).write(to: fixture.directory.appendingPathComponent("token"))
            let script = script.replacingOccurrences(of: "VALUE", with: Self.value)
            let transcript = try connection.perform(
                Self.request("\(script); { \(script); } >&2", fixture.directory.path))
            #expect(transcript.text == shown)
            #expect(transcript.errorText == shown)
            #expect(transcript.missing == 0)
            #expect(fixture.standardOutput == shown)
            #expect(fixture.standardError == shown)
            #expect(transcript.exited?.outputBytes == UInt64(2 * shown.utf8.count))
        }
    }

    @Test func areMaskedInProgress() async throws {
        try await AgentFixture.connected { fixture, connection in
            try Data(Self.value.utf8).write(to: fixture.directory.appendingPathComponent("token"))
            let script = "\(AgentFixture.agentPath) progress 40 'with \(Self.value)'"
            let transcript = try connection.perform(Self.request(script, fixture.directory.path))
            #expect(transcript.progress.last?.message == "with [secret token]")
        }
    }

    @Test func thatCantBeHiddenKeepTheCommandFromStarting() async throws {
        let transcript = try await AgentFixture.connected { fixture, connection in
            try connection.perform(Self.request("echo ran", fixture.directory.path, names: ["nowhere"]))
        }
        #expect(transcript.started == nil)
        #expect(transcript.exited?.startFailure?.message.contains("the secret nowhere can't be read") == true)
    }
}
