import AgentProtocol
import Foundation
import Testing

@Suite("The agent's local socket", .serialized, .timeLimit(.minutes(3)))
struct LocalSocketTests {
    @Test func answersTheHealthCheck() async throws {
        try await AgentFixture.connected { fixture, _ in
            var result = try fixture.command(["health", "--pid", String(fixture.pid)])
            #expect(result.code == 0)
            #expect(result.output == "idle, connected\n")
            // A stopped agent is one whose loop hangs.
            kill(fixture.pid, SIGSTOP)
            result = try fixture.command(["health", "--pid", String(fixture.pid), "--timeout", "0.2"])
            #expect(result.code == 1)
            kill(fixture.pid, SIGCONT)
        }
    }

    @Test func answersTheHealthCheckWhileATaskFloods() async throws {
        try await AgentFixture.connected { fixture, connection in
            try connection.send(.run(.command(["cat", "/dev/zero"])))
            var transcript = Transcript()
            try connection.follow(&transcript, token: 1) { $0.started != nil }
            // As long as a starved machine may need: an agent that hangs answers never.
            let result = try fixture.command(["health", "--pid", String(fixture.pid), "--timeout", "60"])
            #expect(result.output == "busy, connected\n")
        }
    }

    @Test func healthOfAnotherProcessIsRefused() async throws {
        try await AgentFixture.connected { fixture, _ in
            let code = try fixture.command(["health", "--pid", "1"]).code
            #expect(code == 1)
        }
    }

    @Test func passesProgressOn() async throws {
        let transcript = try await AgentFixture.connected { _, connection in
            try connection.perform(
                .shell(
                    "acode-agent progress 40 stacking two; acode-agent progress 100% ; acode-agent progress only words")
            )
        }
        #expect(transcript.errorText == "")
        #expect(transcript.exited?.exitCode == 0)
        #expect(transcript.progress.map(\.percent) == [40, 100, nil])
        #expect(transcript.progress.map(\.message) == ["stacking two", nil, "only words"])
    }

    @Test(arguments: [["progress"], ["progress", "101"], ["nonsense"], [], ["run"], ["health", "--pid", "x"]])
    func mistakesInTheCommandLineExitWith64(_ arguments: [String]) async throws {
        try await AgentFixture.connected { fixture, _ in
            let code = try fixture.command(arguments).code
            #expect(code == 64)
        }
    }

    @Test func progressOutsideOfATaskExitsWith69() async throws {
        try await AgentFixture.connected { fixture, _ in
            let unset = try fixture.command(["progress", "5"])
            let wrong = try fixture.command(["progress", "5"], environment: ["ACODE_AGENT_SOCKET": "@nobody"])
            #expect(unset.code == 69)
            #expect(wrong.code == 69)
        }
    }
}
