import AgentProtocol
import Foundation
import Testing

@Suite("What an attempt leaves behind", .serialized, .timeLimit(.minutes(3)))
struct LeftoverTests {
    /// Whether a process with this marker as an argument is alive.
    private static func exists(_ marker: String) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").contains { entry in
            guard Int(entry) != nil, let line = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else {
                return false
            }
            return line.split(separator: 0).contains { String(decoding: $0, as: UTF8.self) == marker }
        }
    }

    @Test(arguments: [
        "sleep MARK & echo started",
        "(sleep MARK &) ; echo started",
        "setsid sh -c '(sleep MARK &) ; sleep 0.2' & sleep 0.1; echo started",
        "setsid sh -c 'trap \"\" TERM HUP; (setsid sleep MARK >/dev/null 2>&1 </dev/null &)'; sleep 0.1; echo started",
    ])
    func isKilled(_ script: String) async throws {
        let marker = String(1_000_000 + UInt32.random(in: 0..<1_000_000))
        let transcript = try await AgentFixture.connected { _, connection in
            try connection.perform(.shell(script.replacingOccurrences(of: "MARK", with: marker)))
        }
        #expect(transcript.text == "started\n")
        let exited = try #require(transcript.exited)
        #expect(exited.leftoverProcesses >= 1)
        #expect(try Self.exists(marker) == false)
    }

    @Test func isSeenByTheTestItself() async throws {
        let marker = String(3_000_000 + UInt32.random(in: 0..<1_000_000))
        try await AgentFixture.connected { _, connection in
            var transcript = Transcript()
            try connection.send(.run(.shell("sleep \(marker) & echo up; wait")))
            try connection.follow(&transcript, token: 1) { !$0.output.isEmpty }
            try eventually("the marked process") { try Self.exists(marker) }
        }
    }

    @Test func isKilledWhenItForksAllTheTime() async throws {
        let marker = "fork-\(UInt32.random(in: 0 ... .max))"
        let script = "f() { while :; do sh -c 'sleep 0.02' \(marker) & sleep 0.005; done; }; f & f & sleep 0.3; exit 5"
        let transcript = try await AgentFixture.connected { _, connection in try connection.perform(.shell(script)) }
        #expect(transcript.exited?.exitCode == 5)
        #expect(try Self.exists(marker) == false)
    }

    @Test func keepsItsLastOutput() async throws {
        let transcript = try await AgentFixture.connected { _, connection in
            try connection.perform(.shell("(echo from below; exec sleep 100) & sleep 0.2"))
        }
        #expect(transcript.text == "from below\n")
        #expect(transcript.exited?.leftoverProcesses == 1)
    }

    @Test func isCountedWhenSomebodyElseKilledIt() async throws {
        let script = "(sh -c 'kill -9 $$' &); (sleep 0.3); exit 0"
        let transcript = try await AgentFixture.connected { _, connection in try connection.perform(.shell(script)) }
        #expect(transcript.exited?.signalledChildren == 1)
        #expect(transcript.exited?.leftoverProcesses == 0)
    }
}
