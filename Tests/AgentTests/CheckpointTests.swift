import AgentProtocol
import Foundation
import Testing

@testable import AgentCore

@Suite("Checkpoints inside a task", .serialized, .timeLimit(.minutes(3)))
struct CheckpointTests {
    /// Runs a script, answers each checkpoint with what `verdict` says, and returns what was learnt.
    private static func run(
        _ script: String, environment: [String: String] = [:], takesCheckpoints: Bool? = true,
        _ verdict: @escaping @Sendable (CheckpointSave) -> CheckpointAnswer.Verdict = { _ in .saved }
    ) async throws -> Transcript {
        try await AgentFixture.with { fixture in
            let (connection, hello) = try fixture.supervisor.welcome(checkpoints: takesCheckpoints)
            #expect(hello.takesStopRequests == true)
            try connection.send(.run(.shell(script, environment: environment)))
            var transcript = Transcript()
            var answered = 0
            try connection.follow(&transcript, token: 1) { transcript in
                while answered < transcript.checkpoints.count {
                    let save = transcript.checkpoints[answered]
                    answered += 1
                    try? connection.send(
                        .checkpointAnswer(
                            CheckpointAnswer(
                                token: 1, number: save.number, verdict: verdict(save), message: "said so")))
                }
                return transcript.exited != nil
            }
            return transcript
        }
    }

    @Test func aSaveWaitsForItsAnswerAndPassesEverythingOn() async throws {
        let script = """
            echo '{"a": "x\\u0000y", "n": 1.50}' > $TMP/state; printf ' [1] ' | acode-agent checkpoint save 3 --data -
            acode-agent checkpoint save 4 --data @$TMP/state --artifact out.tif --artifact "a b" --force
            acode-agent checkpoint save 5; echo "code $?"
            """
        try await Scratch.with { scratch in
            let transcript = try await Self.run(script, environment: ["TMP": scratch])
            #expect(transcript.text == "code 0\n")
            #expect(transcript.errorText == "")
            #expect(transcript.checkpoints.map(\.phase) == [3, 4, 5])
            #expect(transcript.checkpoints.map(\.data) == [" [1] ", "{\"a\": \"x\\u0000y\", \"n\": 1.50}\n", nil])
            #expect(transcript.checkpoints[1].artifacts == ["out.tif", "a b"])
            #expect(transcript.checkpoints.map(\.isForced) == [false, true, false])
        }
    }

    @Test(
        arguments: [
            (.saved, 0, ""), (.refused, 1, "said so"), (.stale, 1, "said so"), (.unavailable, 75, "said so"),
        ] as [(CheckpointAnswer.Verdict, Int, String)])
    func theExitCodeSaysWhatBecameOfIt(verdict: CheckpointAnswer.Verdict, code: Int, words: String) async throws {
        let transcript = try await Self.run("acode-agent checkpoint save 1 --data '{}'; echo $?") { _ in verdict }
        #expect(transcript.text == "\(code)\n")
        #expect(words.isEmpty ? transcript.errorText.isEmpty : transcript.errorText.contains(words))
    }

    @Test func whatCannotBeSavedIsRefusedWithoutASupervisor() async throws {
        let script = """
            head -c 300000 /dev/zero | tr '\\0' 1 | acode-agent checkpoint save 1 --data -; echo $?
            acode-agent checkpoint save 1 --data @/no/such/file; echo $?
            acode-agent checkpoint save 0; echo $?; acode-agent checkpoint save; echo $?
            acode-agent checkpoint save 1 $(for i in $(seq 65); do echo --artifact $i; done); echo $?
            """
        let transcript = try await Self.run(script)
        #expect(transcript.text == "1\n1\n64\n64\n1\n", "\(transcript.errorText)")
        #expect(transcript.checkpoints.isEmpty)
    }

    @Test func theLargestDataFits() async throws {
        let script = """
            (printf '"'; head -c 262142 /dev/zero | tr '\\0' '\\\\'; printf '"') | acode-agent checkpoint save 1 --data -
            echo $?
            """
        let transcript = try await Self.run(script)
        #expect(transcript.text == "0\n", "\(transcript.errorText)")
        #expect(transcript.checkpoints.first?.data?.utf8.count == CheckpointSave.largestData)
    }

    @Test func anEarlierSupervisorIsNotToldOfCheckpoints() async throws {
        let transcript = try await Self.run("acode-agent checkpoint save 1; echo $?", takesCheckpoints: nil)
        #expect(transcript.text == "1\n")
        #expect(transcript.errorText.contains("earlier version"))
    }

    @Test func aSaveThatWasNotAnsweredIsSentToTheNextSupervisor() async throws {
        let transcript = try await AgentFixture.with { fixture in
            let (first, _) = try fixture.supervisor.welcome(checkpoints: true)
            try first.send(.run(.shell("acode-agent checkpoint save 7 --data '[7]'; echo \"code $?\"")))
            var transcript = Transcript()
            try first.follow(&transcript, token: 1) { !$0.checkpoints.isEmpty }
            fixture.silence()
            first.cut()
            try fixture.listen()
            let (second, _) = try fixture.supervisor.welcome(checkpoints: true)
            transcript.checkpoints = []
            try second.follow(&transcript, token: 1) { !$0.checkpoints.isEmpty }
            let number = try #require(transcript.checkpoints.first).number
            try second.send(.checkpointAnswer(CheckpointAnswer(token: 1, number: number, verdict: .saved)))
            try second.follow(&transcript, token: 1)
            return transcript
        }
        #expect(transcript.checkpoints.map(\.phase) == [7])
        #expect(transcript.text == "code 0\n")
    }

    @Test func aTaskIsToldToStop() async throws {
        let transcript = try await AgentFixture.with { fixture in
            let (connection, _) = try fixture.supervisor.welcome(checkpoints: true)
            let request = RunRequest.shell(
                """
                acode-agent should-stop; echo "before $?"; echo ready
                while ! acode-agent should-stop; do sleep 0.05; done; echo after
                acode-agent checkpoint save 1 --stop-if-asked; echo "saved $?"
                """)
            try connection.send(.run(request))
            var transcript = Transcript()
            try connection.follow(&transcript, token: 1) { $0.text.contains("ready") }
            try connection.send(.stopRequested(AttemptRef(taskID: "other", attempt: 1, token: 2)))
            try connection.send(.stopRequested(request.attempt))
            try connection.follow(&transcript, token: 1) { !$0.checkpoints.isEmpty }
            try connection.send(.checkpointAnswer(CheckpointAnswer(token: 1, number: 1, verdict: .saved)))
            try connection.follow(&transcript, token: 1)
            return transcript
        }
        #expect(transcript.text == "before 1\nready\nafter\nsaved 75\n")
    }

    @Test func sigtermIsAWishToStopToo() async throws {
        let transcript = try await AgentFixture.with { fixture in
            let (connection, _) = try fixture.supervisor.welcome()
            let request = RunRequest.shell(
                "trap '' TERM; echo ready; while ! acode-agent should-stop; do sleep 0.05; done; echo after")
            try connection.send(.run(request))
            var transcript = Transcript()
            try connection.follow(&transcript, token: 1) { $0.text.contains("ready") }
            try connection.send(.signal(attempt: request.attempt, signal: SIGTERM))
            try connection.follow(&transcript, token: 1)
            return transcript
        }
        #expect(transcript.text == "ready\nafter\n")
    }

    @Test func theLastCheckpointIsReadFromTheFile() async throws {
        let json =
            #"{"phase":12,"data":{"q":"it's \"x\" }, {","n":1.50},"updatedAt":"2026-01-02T03:04:05.678Z","artifacts":[]}"#
        try await AgentFixture.connected { fixture, _ in
            let path = fixture.directory.appendingPathComponent("checkpoint.json").path
            /// The exit code and what is printed.
            func get(_ words: String..., from file: String? = nil) throws -> String {
                let result = try fixture.command(
                    ["checkpoint"] + words, environment: ["ACODE_CHECKPOINT_FILE": file ?? path])
                return "\(result.code) \(result.output)"
            }
            let none = [try get("get"), try get("get", "--phase"), try get("done", "1")]
            #expect(none == ["1 ", "1 0\n", "1 "])
            try Data("\(json)\n".utf8).write(to: URL(fileURLWithPath: path))
            let forms = [try get("get", "--json"), try get("get", "--phase"), try get("get", "--data"), try get("get")]
            let data = #"{"q":"it's \"x\" }, {","n":1.50}"#
            #expect(forms[0] == "0 \(json)\n")
            #expect(forms[1] == "0 12\n")
            #expect(forms[2] == "0 \(data)\n")
            #expect(
                forms[3] == """
                    0 ACODE_CHECKPOINT_PHASE=12
                    ACODE_CHECKPOINT_UPDATED_AT='2026-01-02T03:04:05.678Z'
                    ACODE_CHECKPOINT_DATA='\(data.replacing("'", with: "'\\''"))'

                    """)
            let done = [try get("done", "12"), try get("done", "13")]
            #expect(done == ["0 ", "1 "])
            for mistake in [["done", "x"], ["done"], ["get", "--json", "--data"], ["save", "x"], ["what"], []] {
                let code = try fixture.command(["checkpoint"] + mistake).code
                #expect(code == 64, "\(mistake)")
            }
            for outside in [
                ["checkpoint", "get"], ["checkpoint", "done", "1"], ["checkpoint", "save", "1"], ["should-stop"],
            ] {
                let code = try fixture.command(outside).code
                #expect(code == 69, "\(outside)")
            }
        }
    }

    @Test(
        arguments: [
            (#"{"a":1,"b":2}"#, "b", "2"), (#" { "b" : [ 1 , {"b":3} ] } "#, "b", "[ 1 , {\"b\":3} ]"),
            (#"{"x":"\"b\":","b":"\\"}"#, "b", #""\\""#), (#"{"x":{"b":1}}"#, "b", nil), ("{}", "b", nil),
            (#"{"b":null}"#, "b", "null"), ("[]", "b", nil), ("", "b", nil), (#"{"b":1.50e3 ,"c":0}"#, "b", "1.50e3"),
        ] as [(String, String, String?)])
    func valuesAreFoundAsTheyAreWritten(json: String, key: String, value: String?) {
        #expect(RawJSON.value(of: key, in: Array(json.utf8)).map { String(decoding: $0, as: UTF8.self) } == value)
    }
}

/// A directory of a test.
private enum Scratch {
    static func with(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoint-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }
}
