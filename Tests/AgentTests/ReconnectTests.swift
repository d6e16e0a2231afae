import AgentProtocol
import Foundation
import Testing

@Suite("A lost supervisor", .serialized, .timeLimit(.minutes(5)))
struct ReconnectTests {
    @Test func costsNoByte() async throws {
        try await AgentFixture.connected { fixture, first in
            let script = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"
            let expected = (0..<20000).map { "line \($0)\n" }.joined()
            var transcript = Transcript()
            try first.send(.run(.shell(script)))
            try first.follow(&transcript, token: 1) { $0.offset > 10_000 }
            var connection = first
            for step in 1...5 {
                connection.cut()
                let hello: Hello
                (connection, hello) = try fixture.supervisor.welcome()
                #expect(hello.running?.attempt.token == 1 || hello.unackedExit?.attempt.token == 1)
                let target = UInt64(step) * 35_000
                try connection.follow(&transcript, token: 1) { $0.offset > target || $0.exited != nil }
            }
            try connection.follow(&transcript, token: 1)
            #expect(transcript.text == expected)
            #expect(transcript.missing == 0)
            #expect(transcript.exited?.outputBytes == UInt64(expected.utf8.count))
        }
    }

    @Test func getsTheExitUntilItIsAcknowledged() async throws {
        try await AgentFixture.connected { fixture, first in
            var transcript = Transcript()
            try first.send(.run(.shell("exit 6")))
            try first.follow(&transcript, token: 1)
            // An acknowledgement of all (no) output that crossed with the exit must not count as one of the exit.
            try first.send(.outputAck(OutputAck(token: 1, offset: 0)))
            first.cut()

            let (second, hello) = try fixture.supervisor.welcome()
            #expect(hello.running == nil)
            #expect(hello.unackedExit == transcript.exited)
            var again = Transcript()
            try second.follow(&again, token: 1)
            #expect(again.exited == transcript.exited)
            try second.acknowledge(try #require(again.exited))
            try second.send(.ping(nonce: 1))
            try eventually("the pong") { try second.receive() == .pong(nonce: 1) }
            second.cut()

            let (_, last) = try fixture.supervisor.welcome()
            #expect(last.unackedExit == nil)
            #expect(last.bootID == hello.bootID)
        }
    }

    @Test func doesNotStopTheTaskAndDropsTheOldestBeyondTheBound() async throws {
        try await AgentFixture.connected { fixture, first in
            var transcript = Transcript()
            try first.send(
                .run(.shell("read x; head -c 10000000 /dev/zero; printf end; touch \(fixture.directory.path)/done")))
            try first.follow(&transcript, token: 1) { $0.started != nil }
            fixture.silence()
            first.cut()
            try eventually("the task's own end") {
                FileManager.default.fileExists(atPath: fixture.directory.path + "/done")
            }
            try fixture.listen()
            let (second, _) = try fixture.supervisor.welcome()
            try second.follow(&transcript, token: 1)
            let exited = try #require(transcript.exited)
            #expect(exited.outputBytes == 10_000_003)
            #expect(exited.outputDropped > 0)
            #expect(transcript.missing == exited.outputDropped)
            #expect(UInt64(transcript.output.count) == exited.outputBytes - exited.outputDropped)
            #expect(transcript.text.hasSuffix("end"))
        }
    }

    @Test func isNotTakenForOneWithoutItsWelcome() async throws {
        try await AgentFixture.with { fixture in
            for _ in 0..<3 {
                let dying = try fixture.supervisor.accept()
                guard case .hello = try dying.receive() else { throw TimedOut(description: "no hello") }
            }
            let (connection, _) = try fixture.supervisor.welcome()
            #expect(try connection.perform(.command(["true"])).exited?.exitCode == 0)
        }
    }

    @Test func isRefusedWhenItSpeaksAnotherVersionAndThatIsToldOnce() async throws {
        try await AgentFixture.with { fixture in
            for _ in 0..<3 {
                let stranger = try fixture.supervisor.accept()
                guard case .hello = try stranger.receive() else { throw TimedOut(description: "no hello") }
                try stranger.send(.welcome(Welcome(version: 2, heartbeatSeconds: 0)))
                while try stranger.next() != nil {}
            }
            _ = try fixture.supervisor.welcome()
            let told = fixture.standardError.split(separator: "\n").filter { $0.contains("speaks version 2") }
            #expect(told.count == 1)
        }
    }

    @Test func isFoundWhenItComesLater() async throws {
        try await AgentFixture.with(listening: false) { fixture in
            try eventually("a failed try") { fixture.standardError.contains("connect: No such file or directory") }
            try fixture.listen()
            let (_, hello) = try fixture.supervisor.welcome()
            #expect(hello.workerID == fixture.workerID)
            #expect(hello.version == AgentProtocol.version)
            #expect(hello.pid == fixture.pid)
        }
    }

    @Test func isGivenUpWhenItIsSilentForThreeHeartbeats() async throws {
        try await AgentFixture.with { fixture in
            let (first, _) = try fixture.supervisor.welcome(heartbeat: 0.1)
            let began = Date()
            while try first.next() != nil {}
            #expect(Date().timeIntervalSince(began) < 5)
            _ = try fixture.supervisor.welcome()
        }
    }

    @Test(
        arguments: [
            [0xff, 0xff, 0xff, 0xff, 1], [0, 0, 0, 0, 0x7e], [0, 0, 0, 2, 2, 0x7b, 0x7b], [0, 0, 0, 0, 7],
            [0, 0, 0, 4, 4, 0xff, 0xfe, 0, 0],
        ] as [[UInt8]])
    func isLeftWhenItTalksNonsense(_ garbage: [UInt8]) async throws {
        try await AgentFixture.connected { fixture, connection in
            try connection.send(bytes: garbage)
            while try connection.next() != nil {}
            let (second, hello) = try fixture.supervisor.welcome()
            #expect(hello.pid == fixture.pid)
            #expect(try second.perform(.command(["true"])).exited?.exitCode == 0)
        }
    }

    @Test func lastsAsLongAsTheSupervisorSaid() async throws {
        try await AgentFixture.with(options: ["--orphan-timeout", "600"]) { fixture in
            let (connection, _) = try fixture.supervisor.welcome(orphan: 0.3)
            try connection.send(.ping(nonce: 1))
            while try connection.receive() != .pong(nonce: 1) {}
            fixture.silence()
            connection.cut()
            #expect(try fixture.exitCode() == 0)
        }
    }

    @Test func leavesAnOrphanThatKillsItsTaskAndExits() async throws {
        try await AgentFixture.with(options: ["--orphan-timeout", "0.5"]) { fixture in
            let (connection, _) = try fixture.supervisor.welcome()
            var transcript = Transcript()
            try connection.send(.run(.shell("trap '' TERM; echo up; sleep 1000")))
            try connection.follow(&transcript, token: 1) { !$0.output.isEmpty }
            fixture.silence()
            connection.cut()
            #expect(try fixture.exitCode() == 0)
            let pid = try #require(transcript.started).pid
            #expect(kill(pid, 0) == -1)
        }
    }
}
