import TestSupport
import Testing

extension Acceptance {
    /// What people get wrong, and what they are told. No supervisor is needed.
    @Suite("Bad input", .timeLimit(.minutes(3)))
    struct BadInput {
        /// A command line, its exit code and words that must be on standard error.
        struct Case: Sendable, CustomTestStringConvertible {
            var arguments: [String]
            var code: Int32
            var words: [String]

            var testDescription: String { arguments.joined(separator: " ") }

            init(_ arguments: [String], _ code: Int32, _ words: String...) {
                self.arguments = arguments
                self.code = code
                self.words = words
            }

            static let all = [
                Case(["--nonsense"], 64, "--nonsense"),
                Case(["nonsense"], 64, "nonsense"),
                Case(["worker", "nonsense"], 64, "nonsense"),
                Case(["worker", "start", "--nonsense"], 64, "--nonsense"),
                Case(["worker", "start", "--count", "0"], 78, "--count", "0"),
                Case(["worker", "start", "--count", "many"], 64, "--count", "many"),
                Case(["worker", "start", "--mode", "vm"], 78, "--mode", "vm", "docker"),
                Case(["worker", "start", "--image", "Not An Image"], 78, "--image", "Not An Image"),
                Case(["worker", "start", "--pool", "UPPER"], 78, "--pool", "UPPER"),
                Case(["worker", "start", "--listen", "nowhere"], 78, "--listen", "nowhere"),
                Case(["task", "submit"], 64, "command"),
                Case(["task", "submit", "--"], 64, "command"),
                Case(["task", "submit", "--file", "x", "--", "true"], 64, "--file"),
                Case(["task", "submit", "--env", "=x", "--", "true"], 64, "--env"),
                Case(["task", "submit", "--env", "NOT_SET_HERE", "--", "true"], 64, "NOT_SET_HERE"),
                Case(["task", "submit", "--timeout", "soon", "--", "true"], 64, "--timeout", "soon"),
                Case(["task", "submit", "--priority", "high", "--", "true"], 64, "--priority"),
                Case(["task", "submit", "--retries", "-1", "--", "true"], 64, "--retries"),
                Case(["task", "submit", "--isolation", "some", "--", "true"], 64, "--isolation", "some"),
                Case(["task", "submit", "--mount", "nonsense", "--", "true"], 64, "--mount", "nonsense"),
                Case(["task", "submit", "--stdin-file", "/no/such", "--", "cat"], 1, "/no/such"),
                Case(["task", "show"], 64, "id"),
                Case(
                    ["task", "show", "0198c5a2-0000-7000-8000-000000000000"], 1, "0198c5a2-0000-7000-8000-000000000000"),
                Case(["task", "cancel", "0198c5a2-0000-7000-8000-000000000000"], 1, "0198c5a2"),
                Case(["task", "wait", "0198c5a2-0000-7000-8000-000000000000"], 1, "0198c5a2"),
                Case(["task", "list", "--limit", "-4"], 64, "--limit"),
                Case(["run"], 64, "command"),
                Case(["run", "--cpus", "lots", "--", "true"], 78, "--cpus", "lots"),
            ]
        }

        @Test("is refused with the right code and words that help", arguments: Case.all)
        func refused(_ bad: Case) async throws {
            try await AcodeFixture.with("bad-\(bad.testDescription)") { fixture in
                let run = try await fixture.acode(bad.arguments)
                #expect(run.code == bad.code, "\(run)")
                #expect(run.output.isEmpty)
                for word in bad.words { #expect(run.errorText.lowercased().contains(word.lowercased()), "\(run)") }
                #expect(!run.errorText.contains("Fatal error"))
            }
        }

        @Test("an argument with a NUL or of a megabyte does no harm")
        func extremeArguments() async throws {
            try await AcodeFixture.with { fixture in
                let long = String(repeating: "x", count: 100_000)
                let id = try await fixture.submit([], ["echo", long])
                #expect(try await fixture.task(id)["command"][1] == long)
                let file = try fixture.file("nul.json", #"{"tasks":[{"command":["echo","a\u0000b"]}]}"#)
                let nul = try await fixture.acode("task", "submit", "--file", file)
                #expect(nul.code == 78)
                #expect(nul.errorText.contains("nul.json:1:"))
            }
        }

        @Test("`--help` of every command works and shows the exit codes at the root")
        func help() async throws {
            try await AcodeFixture.with { fixture in
                let root = try await fixture.acode("--help").succeeded()
                for code in ["64", "69", "75", "78", "128+n"] { #expect(root.text.contains(code)) }
                for command in [
                    ["worker", "start"], ["worker", "list"], ["task", "submit"], ["task", "logs"], ["run"], ["doctor"],
                    ["config", "show"], ["queue", "status"],
                ] {
                    let page = try await fixture.acode(command + ["--help"]).succeeded()
                    #expect(page.text.contains("USAGE"))
                    #expect(page.errorBytes.isEmpty)
                }
                #expect(try await fixture.acode("--version").succeeded().text.contains("."))
            }
        }

        @Test("completion scripts are made for every shell", arguments: ["bash", "zsh", "fish"])
        func completion(_ shell: String) async throws {
            try await AcodeFixture.with("completion-\(shell)") { fixture in
                let script = try await fixture.acode("--generate-completion-script", shell).succeeded()
                #expect(script.text.contains("worker"))
            }
        }

        @Test("a state directory that can't be used is told")
        func stateDirectory() async throws {
            try await AcodeFixture.with { fixture in
                let file = try fixture.file("plain", "")
                let submit = try await fixture.acode("task", "submit", "--state-dir", "\(file)/below", "--", "true")
                #expect(submit.code == 69 || submit.code == 70)
                #expect(submit.errorText.contains(file))
                let broken = try fixture.openDirectory("broken")
                try fixture.write(String(repeating: "this is no database\n", count: 500), to: "\(broken)/acode.sqlite")
                let list = try await fixture.acode("task", "list", "--state-dir", broken)
                #expect(list.code == 69)
                #expect(list.errorText.contains("acode.sqlite"))
            }
        }
    }
}
