import AgentProtocol
import Testing

@Suite("Messages")
struct MessageTests {
    private static let attempt = AttemptRef(taskID: "0190-ü", attempt: 3, token: .max)
    private static let exited = Exited(
        attempt: attempt, waitStatus: 9,
        usage: ResourceUsage(userMicros: 1, systemMicros: 2, maxRSSBytes: 3, blockIn: 4, blockOut: 5), wallMicros: 6,
        oomKills: 1, memoryPeakBytes: 7, pidsPeak: 8, leftoverProcesses: 9, signalledChildren: 10, outputBytes: .max,
        outputDropped: 11)
    private static let failed = Exited(
        attempt: attempt, startFailure: StartFailure(kind: .notFound, errno: 2, message: "x: command not found"))

    static let supervisorMessages: [SupervisorMessage] = [
        .welcome(Welcome(heartbeatSeconds: 2.5)),
        .welcome(Welcome(heartbeatSeconds: 2.5, orphanSeconds: 3, takesMemoryKills: true)),
        .run(
            RunRequest(
                attempt: attempt, argv: ["sh", "-c", "echo \"ü\n\""], environment: ["A": "b=c"],
                workingDirectory: "/w", stdin: Array(0...255), mergePath: false)),
        .run(RunRequest(attempt: attempt, argv: ["true"])),
        .signal(attempt: attempt, signal: 15), .ping(nonce: .max), .drain, .shutdown,
        .outputAck(OutputAck(token: -1, offset: .max, exited: true)),
        .checkpointAnswer(CheckpointAnswer(token: -1, number: .max, verdict: .stale, message: "words")),
        .stopRequested(attempt),
    ]

    static let agentMessages: [AgentMessage] = [
        .hello(Hello(workerID: "w", pid: 1, bootID: "b", agentVersion: "v")),
        .hello(
            Hello(
                workerID: "w", pid: 1, bootID: "b", agentVersion: "v",
                running: Started(attempt: attempt, pid: 2, startedAtNanos: 3), unackedExit: exited)),
        .started(Started(attempt: attempt, pid: 7, startedAtNanos: 1_700_000_000_123_456_789)),
        .output(OutputChunk(stream: .standardOutput, offset: 0, bytes: [])),
        .output(OutputChunk(stream: .standardError, offset: 1 << 40, bytes: [0, 255, 10])),
        .progress(TaskProgress(attempt: attempt, percent: 12.5, message: "half")),
        .progress(TaskProgress(attempt: attempt)), .exited(exited), .exited(failed),
        .refused(Refused(attempt: attempt, reason: .draining)), .pong(nonce: 0),
        .log(AgentLog(level: .warning, message: "words")), .memoryKills(MemoryKillsOutlived(count: 3)),
        .checkpoint(
            CheckpointSave(
                attempt: attempt, number: 1, phase: 2, data: "{\"a\": \"\\u0000/ü\"}", artifacts: ["a b/ü"],
                isForced: true)),
        .checkpoint(CheckpointSave(attempt: attempt, number: 0, phase: 1)),
    ]

    private static func frame(_ bytes: [UInt8]) throws -> Frame {
        var decoder = FrameDecoder()
        decoder.append(bytes)
        let frame = try #require(try decoder.next())
        #expect(decoder.bufferedCount == 0)
        return frame
    }

    @Test(arguments: supervisorMessages)
    func ofTheSupervisorComeBackTheSame(_ message: SupervisorMessage) throws {
        #expect(try SupervisorMessage(frame: Self.frame(message.encoded())) == message)
    }

    @Test(arguments: agentMessages)
    func ofTheAgentComeBackTheSame(_ message: AgentMessage) throws {
        #expect(try AgentMessage(frame: Self.frame(message.encoded())) == message)
    }

    @Test func ofOneSideAreNotThoseOfTheOther() throws {
        for message in Self.supervisorMessages {
            let frame = try Self.frame(message.encoded())
            #expect(throws: AgentProtocolError.self) { try AgentMessage(frame: frame) }
        }
        for message in Self.agentMessages {
            let frame = try Self.frame(message.encoded())
            #expect(throws: AgentProtocolError.self) { try SupervisorMessage(frame: frame) }
        }
    }

    @Test func writeOutputAsStreamOffsetAndBytes() throws {
        let message = AgentMessage.output(OutputChunk(stream: .standardError, offset: 258, bytes: [65, 66]))
        #expect(try message.encoded() == [0, 0, 0, 11, 0x83, 2, 0, 0, 0, 0, 0, 0, 1, 2, 65, 66])
    }

    @Test(
        arguments: [
            [], [1], [0, 0, 0, 0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0],
            [1, 255, 255, 255, 255, 255, 255, 255, 255],
        ] as [[UInt8]])
    func refuseOutputThatMakesNoSense(_ payload: [UInt8]) {
        let error = #expect(throws: AgentProtocolError.self) {
            try AgentMessage(frame: Frame(kind: AgentMessage.Kind.output.rawValue, payload: payload))
        }
        #expect(error?.code == .malformedPayload)
    }

    @Test(arguments: ["", "{", "null", "[]", "{}", #"{"nonce":-1}"#, "\u{0}"])
    func refuseAPayloadThatIsNotTheirs(_ text: String) {
        let error = #expect(throws: AgentProtocolError.self) {
            try SupervisorMessage(frame: Frame(kind: SupervisorMessage.Kind.ping.rawValue, payload: Array(text.utf8)))
        }
        #expect(error?.code == .malformedPayload)
    }

    @Test func acceptFieldsOfALaterVersion() throws {
        let payload = Array(#"{"nonce":5,"later":{"a":[1]}}"#.utf8)
        let frame = Frame(kind: SupervisorMessage.Kind.ping.rawValue, payload: payload)
        #expect(try SupervisorMessage(frame: frame) == .ping(nonce: 5))
    }

    @Test func refuseANumberThatJSONDoesNotHave() {
        let message = AgentMessage.progress(TaskProgress(attempt: Self.attempt, percent: .nan))
        let error = #expect(throws: AgentProtocolError.self) { try message.encoded() }
        #expect(error?.code == .unencodable)
    }

    @Test func carryTheLargestInput() throws {
        let input = (0..<AgentProtocol.maximumInput).map { UInt8(truncatingIfNeeded: $0) }
        let message = SupervisorMessage.run(RunRequest(attempt: Self.attempt, argv: ["cat"], stdin: input))
        #expect(try SupervisorMessage(frame: Self.frame(message.encoded())) == message)
    }

    @Test func tellExitCodesFromSignals() {
        var exited = Self.exited
        exited.waitStatus = 75 << 8
        #expect(exited.exitCode == 75)
        #expect(exited.terminationSignal == nil)
        // A core dump sets another bit.
        exited.waitStatus = 11 | 0x80
        #expect(exited.exitCode == nil)
        #expect(exited.terminationSignal == 11)
        #expect(Self.failed.exitCode == nil)
        #expect(Self.failed.terminationSignal == nil)
    }
}
