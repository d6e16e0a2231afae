import TestSupport
import Testing

extension Acceptance {
    /// O-5, Q-3: what a command's end becomes.
    @Suite("Exit codes", .timeLimit(.minutes(3)), .sharedPools(count: 2))
    struct ExitCodes {
        /// A command, its exit code and what the task says afterwards.
        struct Case: Sendable, CustomTestStringConvertible {
            var command: [String]
            var code: Int32
            var state: String
            var outcome: String
            var reason: String

            var testDescription: String { command.joined(separator: " ") }

            init(_ command: [String], _ code: Int32, _ outcome: String, _ reason: String) {
                self.command = command
                self.code = code
                self.outcome = outcome
                self.reason = reason
                state = code == 0 ? "complete" : "error"
            }

            static let all = [
                Case(["true"], 0, "succeeded", "exited with code 0"),
                Case(["sh", "-c", "exit 3"], 3, "failed", "exited with code 3"),
                Case(["sh", "-c", "exit 255"], 255, "failed", "exited with code 255"),
                Case(["no-such-command"], 127, "start_failed", "no-such-command"),
                Case(["/no/such/file"], 127, "start_failed", "/no/such/file"),
                Case(["/etc/passwd"], 126, "start_failed", "/etc/passwd"),
                Case(["/tmp"], 126, "start_failed", "/tmp"),
                Case(["sh", "-c", "kill -TERM $$"], 143, "failed", "SIGTERM"),
                Case(["sh", "-c", "kill -KILL $$"], 137, "failed", "SIGKILL"),
                Case(["sh", "-c", "kill -SEGV $$"], 139, "failed", "SIGSEGV"),
            ]
        }

        @Test("a task ends as its command does", arguments: Backend.all, Case.all)
        func ends(_ backend: Backend, _ expected: Case) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let name = "end-\(expected.testDescription.hashValue.magnitude)"
            let run = try await fixture.submitAndWait(["--name", name], expected.command)
            #expect(run.code == expected.code)
            let task = try await fixture.task(named: name)
            #expect(task["state"] == expected.state)
            #expect(task["outcome"] == expected.outcome)
            #expect(task["exitCode"] == Int(expected.code))
            #expect(task["reason"].string?.contains(expected.reason) == true, "\(task["reason"])")
            // The reason of a failure is for people, so it is on standard error and not in the output.
            #expect(run.output.isEmpty)
            if expected.code != 0 { #expect(run.errorText.contains(expected.reason)) }
        }

        @Test("arguments reach the command unchanged, without a shell", arguments: Backend.all)
        func arguments(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let words = ["", "two words", "$HOME", "'\"\\", "ä→🙂", "-x", "--", "a\nb", "*"]
            let run = try await fixture.submitAndWait([], ["printf", "[%s]"] + words)
            #expect(run.text == words.map { "[\($0)]" }.joined())
        }
    }

    /// What a task is given: input, variables, a directory, and nothing else.
    @Suite("A task's surroundings", .timeLimit(.minutes(3)), .sharedPools())
    struct Surroundings {
        @Test("standard input is given to the last byte and then ends", arguments: Backend.all)
        func standardInput(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let text = (1...50_000).map { "line \($0)\n" }.joined() + "no newline at the end"
            let path = try fixture.file("input", text)
            let run = try await fixture.submitAndWait(["--stdin-file", path], ["cat"])
            #expect(run.text == text)
        }

        @Test("without input a command reads the end at once", arguments: Backend.all)
        func noInput(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            #expect(try await fixture.submitAndWait([], ["wc", "-c"]).text.contains("0"))
        }

        @Test("variables are set as given", arguments: Backend.all)
        func variables(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.submitAndWait(
                ["--env", "ONE=1", "--env", "EMPTY=", "--env", "EQUALS=a=b c"],
                ["sh", "-c", "echo \"$ONE|$EMPTY|$EQUALS|${ACODE_TASK_ID:+id}|$ACODE_ATTEMPT\""])
            #expect(run.text == "1||a=b c|id|1\n")
        }

        @Test("the supervisor's own variables don't leak into tasks", arguments: Backend.all)
        func noLeak(_ backend: Backend) async throws {
            try await AcodeFixture.with("leak-\(backend)") { fixture in
                var options = PoolOptions()
                options.environment = ["CANARY_OF_SUPERVISOR": "tweet", "AWS_SECRET_ACCESS_KEY": "tweet"]
                try await fixture.withSupervisor(backend, options) { _ in
                    let run = try await fixture.submitAndWait([], ["env"]).succeeded()
                    #expect(!run.text.contains("tweet"))
                    #expect(!run.text.contains("ACODE_STATE_DIR") && !run.text.contains("ACODE_RUNTIME_DIR"))
                    #expect(run.text.contains("PATH="))
                }
            }
        }

        @Test("the working directory is the one asked for", arguments: Backend.all)
        func workingDirectory(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            #expect(try await fixture.submitAndWait(["--workdir", "/usr"], ["pwd"]).text == "/usr\n")
            let missing = try await fixture.submitAndWait(["--workdir", "/no/such/dir"], ["pwd"])
            #expect(missing.code == 127)
            #expect(missing.errorText.contains("/no/such/dir"))
        }

        @Test("no descriptor but the three standard ones is open in a task", arguments: Backend.all)
        func descriptors(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            // `ls` itself has the directory open.
            let run = try await fixture.submitAndWait([], ["ls", "/proc/self/fd"])
            #expect(run.lines.count == 4, "\(run.text)")
        }

        @Test("signals have their default dispositions and none is blocked", arguments: Backend.all)
        func signals(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.submitAndWait([], ["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"])
            #expect(run.lines == ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"])
        }
    }
}
