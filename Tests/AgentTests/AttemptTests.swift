import AgentProtocol
import Foundation
import Testing

@Suite("An attempt", .serialized, .timeLimit(.minutes(5)))
struct AttemptTests {
    @Test func reportsStartOutputAndExit() async throws {
        let transcript = try await AgentFixture.connected { _, connection in
            try connection.perform(.shell("echo out; echo err >&2; exit 3"))
        }
        let exited = try #require(transcript.exited)
        let started = try #require(transcript.started)
        #expect(started.pid > 1)
        #expect(transcript.text == "out\n")
        #expect(transcript.errorText == "err\n")
        #expect(exited.exitCode == 3)
        #expect(exited.outputBytes == 8)
        #expect(exited.startFailure == nil)
        #expect(exited.wallMicros > 0)
        #expect(exited.usage.maxRSSBytes > 0)
    }

    @Test func deliversAnEndWithoutNewline() async throws {
        let transcript = try await AgentFixture.connected { _, connection in
            try connection.perform(.command(["printf", "no newline"]))
        }
        #expect(transcript.text == "no newline")
    }

    @Test func deliversEveryByteValue() async throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let transcript = try await AgentFixture.connected { _, connection in
            var request = RunRequest.command(["cat"])
            request.stdin = bytes
            return try connection.perform(request)
        }
        #expect(transcript.output == bytes)
    }

    @Test func deliversABurst() async throws {
        let transcript = try await AgentFixture.connected { _, connection in
            try connection.perform(.shell("head -c 52428800 /dev/zero; printf end"))
        }
        #expect(transcript.output.count == 52_428_803)
        #expect(transcript.text.hasSuffix("end"))
        #expect(transcript.missing == 0)
        #expect(transcript.exited?.outputBytes == 52_428_803)
    }

    @Test func alsoWritesToTheAgentsOwnStreams() async throws {
        try await AgentFixture.connected { fixture, connection in
            _ = try connection.perform(.shell("echo out; echo err >&2"))
            #expect(fixture.standardOutput == "out\n")
            #expect(fixture.standardError == "err\n")
        }
    }

    @Test(arguments: [SIGTERM, SIGKILL, SIGUSR1, SIGINT])
    func diesOfASignal(_ number: Int32) async throws {
        let exited = try await AgentFixture.connected { _, connection in
            let request = RunRequest.shell("echo ready; exec sleep 100")
            var transcript = Transcript()
            try connection.send(.run(request))
            try connection.follow(&transcript, token: 1) { !$0.output.isEmpty }
            try connection.send(.signal(attempt: request.attempt, signal: number))
            try connection.follow(&transcript, token: 1)
            return transcript.exited
        }
        #expect(exited?.terminationSignal == number)
        #expect(exited?.exitCode == nil)
    }

    @Test func ignoresASignalForAnotherAttempt() async throws {
        try await AgentFixture.connected { _, connection in
            var transcript = Transcript()
            try connection.send(.run(.shell("read line; exit 4")))
            let other = AttemptRef(taskID: "task", attempt: 1, token: 99)
            try connection.send(.signal(attempt: other, signal: SIGKILL))
            try connection.follow(&transcript, token: 1)
            #expect(transcript.exited?.exitCode == 4)
        }
    }

    @Test func startsWithDefaultSignalsAnEmptyMaskAndASessionOfItsOwn() async throws {
        let transcript = try await AgentFixture.connected { _, connection in
            try connection.perform(.shell("grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; cat /proc/$$/stat"))
        }
        let lines = transcript.text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "SigBlk:\t0000000000000000")
        #expect(lines[1] == "SigIgn:\t0000000000000000")
        let line = try #require(lines.last?.split(separator: ")").last)
        let fields = line.split(separator: " ").map(String.init)
        let pid = String(try #require(transcript.started).pid)
        // After the name: state, parent, process group, session.
        #expect(fields[2] == pid)
        #expect(fields[3] == pid)
    }

    @Test func getsExactlyItsEnvironment() async throws {
        let transcript = try await AgentFixture.connected(environment: ["SECRET": "agent's"]) { _, connection in
            try connection.perform(.command(["/usr/bin/env"], environment: ["A": "1", "PATH": "/bin", "B": "x=y z"]))
        }
        let names = transcript.text.split(separator: "\n").compactMap {
            $0.split(separator: "=").first.map(String.init)
        }
        #expect(Set(names) == ["A", "B", "PATH", "HOME", "ACODE_AGENT_SOCKET"])
        #expect(transcript.text.contains("B=x=y z\n"))
    }

    @Test func inheritsTheImagesEnvironmentOnRequest() async throws {
        let transcript = try await AgentFixture.connected(
            options: ["--inherit-environment"], environment: ["LANG": "C.UTF-8", "A": "image"]
        ) { _, connection in
            try connection.perform(.command(["/usr/bin/env"], environment: ["A": "task"]))
        }
        #expect(transcript.text.contains("LANG=C.UTF-8\n"))
        #expect(transcript.text.contains("A=task\n"))
    }

    @Test func startsInItsWorkingDirectory() async throws {
        let transcript = try await AgentFixture.connected { _, connection in
            var request = RunRequest.command(["pwd"])
            request.workingDirectory = "/usr/bin"
            return try connection.perform(request)
        }
        #expect(transcript.text == "/usr/bin\n")
    }

    @Test func countsAsAPreferredVictimOfTheKernelAndTheAgentDoesNot() async throws {
        try await AgentFixture.connected { fixture, connection in
            let transcript = try connection.perform(.command(["cat", "/proc/self/oom_score_adj"]))
            #expect(Int(transcript.text.dropLast()) ?? 0 >= 900)
            let own = try String(contentsOfFile: "/proc/\(fixture.pid)/oom_score_adj", encoding: .utf8)
            let ours = try String(contentsOfFile: "/proc/self/oom_score_adj", encoding: .utf8)
            #expect(own == ours)
        }
    }

    @Test func leaksNoDescriptorsIntoTasksOrTheAgent() async throws {
        try await AgentFixture.connected { fixture, connection in
            func count() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/\(fixture.pid)/fd").count
            }
            _ = try connection.perform(.command(["true"]))
            let before = try count()
            for token in 2...200 {
                let transcript = try connection.perform(.command(["true"], token: Int64(token)))
                #expect(transcript.exited?.exitCode == 0)
            }
            try connection.send(.run(.command(["sleep", "100"], token: 300)))
            var transcript = Transcript()
            try connection.follow(&transcript, token: 300) { $0.started != nil }
            // The counter can see a leak: a running task costs its two pipes.
            #expect(try count() == before + 2)
            let pid = try #require(transcript.started).pid
            // Its loader may have a library open at first; what it inherited would stay.
            try eventually("only three descriptors") {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").sorted() == ["0", "1", "2"]
            }
            try connection.send(.signal(attempt: try #require(transcript.started).attempt, signal: SIGKILL))
            try connection.follow(&transcript, token: 300)
            try connection.acknowledge(try #require(transcript.exited))
            try connection.send(.ping(nonce: 7))
            try eventually("the pong") { try connection.receive() == .pong(nonce: 7) }
            #expect(try count() == before)
        }
    }

    @Test func getsNoDescriptorOfACarelessParent() async throws {
        let careless = open("/dev/zero", O_RDONLY)
        defer { close(careless) }
        let transcript = try await AgentFixture.connected { _, connection in
            try connection.perform(.shell("readlink /proc/self/fd/\(careless) || echo none"))
        }
        #expect(!transcript.text.contains("/dev/zero"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(careless)") == "/dev/zero")
    }

    @Test func isRefusedWhileAnotherIsNotAcknowledged() async throws {
        try await AgentFixture.connected { _, connection in
            var first = Transcript()
            try connection.send(.run(.command(["true"], token: 1)))
            try connection.follow(&first, token: 1)
            try connection.send(.run(.command(["true"], token: 2)))
            let expected = Refused(attempt: AttemptRef(taskID: "task", attempt: 1, token: 2), reason: .busy)
            #expect(try connection.receive() == .refused(expected))
            try connection.acknowledge(try #require(first.exited))
            #expect(try connection.perform(.command(["true"], token: 2)).exited?.exitCode == 0)
        }
    }
}
