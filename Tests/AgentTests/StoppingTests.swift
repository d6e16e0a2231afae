import AgentProtocol
import Foundation
import Testing

@Suite("Stopping the agent", .serialized, .timeLimit(.minutes(3)))
struct StoppingTests {
    @Test func drainEndsAnIdleAgentAtOnce() async throws {
        try await AgentFixture.connected { fixture, connection in
            try connection.send(.drain)
            #expect(try fixture.exitCode() == 0)
        }
    }

    @Test func drainFinishesTheTaskAndRefusesTheNext() async throws {
        try await AgentFixture.connected { fixture, connection in
            var transcript = Transcript()
            try connection.send(.run(.shell("sleep 0.3; exit 9")))
            try connection.send(.drain)
            try connection.send(.run(.command(["true"], token: 2)))
            try connection.follow(&transcript, token: 1)
            #expect(transcript.exited?.exitCode == 9)
            #expect(transcript.refused.map(\.reason) == [.draining])
            #expect(fixture.isRunning)
            try connection.acknowledge(try #require(transcript.exited))
            #expect(try fixture.exitCode() == 0)
        }
    }

    @Test func terminationIsPassedOnToTheTask() async throws {
        try await AgentFixture.connected { fixture, connection in
            var transcript = Transcript()
            try connection.send(.run(.shell("trap 'echo saving; exit 75' TERM; echo up; while :; do sleep 0.05; done")))
            try connection.follow(&transcript, token: 1) { !$0.output.isEmpty }
            kill(fixture.pid, SIGTERM)
            try connection.follow(&transcript, token: 1)
            #expect(transcript.exited?.exitCode == 75)
            #expect(transcript.text == "up\nsaving\n")
            try connection.acknowledge(try #require(transcript.exited))
            #expect(try fixture.exitCode() == 0)
        }
    }

    @Test(arguments: ["grace", "second signal", "shutdown"])
    func aDeafTaskIsKilled(after reason: String) async throws {
        let grace = reason == "grace" ? "0.3" : "100"
        try await AgentFixture.connected(options: ["--stop-grace", grace]) { fixture, connection in
            var transcript = Transcript()
            try connection.send(.run(.shell("trap '' TERM; echo up; while :; do sleep 0.05; done")))
            try connection.follow(&transcript, token: 1) { !$0.output.isEmpty }
            switch reason {
            case "shutdown": try connection.send(.shutdown)
            case "second signal":
                kill(fixture.pid, SIGTERM)
                // Both must not be merged into one pending signal.
                kill(fixture.pid, SIGINT)
            default: kill(fixture.pid, SIGTERM)
            }
            try connection.follow(&transcript, token: 1)
            #expect(transcript.exited?.terminationSignal == SIGKILL)
            #expect(try fixture.exitCode() == 0)
        }
    }

    @Test func terminationEndsAnIdleAgentAtOnce() async throws {
        try await AgentFixture.connected { fixture, _ in
            kill(fixture.pid, SIGTERM)
            let code = try fixture.exitCode()
            #expect(code == 0)
        }
    }
}
