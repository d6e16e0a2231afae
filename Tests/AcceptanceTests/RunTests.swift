import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// O-5: one command in a worker of its own.
    @Suite("acode run", .timeLimit(.minutes(3)))
    struct Run {
        private static func options(_ backend: Backend) throws -> [String] {
            guard let engine = backend.engine else { return ["--mode", "local"] }
            return ["--image", TestImage.busybox, "--engine-socket", try engine.socket, "--no-fallback"]
        }

        @Test("passes output and exit code on, says nothing itself, leaves nothing", arguments: Backend.all)
        func passesOn(_ backend: Backend) async throws {
            try await AcodeFixture.with("run-\(backend)") { fixture in
                let run = try await fixture.acode(
                    ["run"] + Self.options(backend) + ["--", "sh", "-c", "echo out; echo err >&2; exit 7"])
                #expect(run.code == 7)
                #expect(run.text == "out\n")
                #expect(run.errorText == "err\n")
                // Its state was temporary, and not that of the machine's pool.
                #expect(try FileManager.default.contentsOfDirectory(atPath: "\(fixture.directory)/tmp").isEmpty)
                #expect(!FileManager.default.fileExists(atPath: "\(fixture.stateDirectory)/acode.sqlite"))
            }
        }

        @Test("exit codes of every kind", arguments: Backend.all)
        func exitCodes(_ backend: Backend) async throws {
            try await AcodeFixture.with("run-codes-\(backend)") { fixture in
                for (command, code) in [
                    (["true"], 0), (["no-such-command"], 127), (["/etc/passwd"], 126),
                    (["sh", "-c", "kill -TERM $$"], 143),
                ] {
                    let run = try await fixture.acode(["run"] + Self.options(backend) + ["--"] + command)
                    #expect(run.code == Int32(code), "\(run)")
                }
            }
        }

        @Test("output is exact and comes while the command runs", arguments: Backend.all)
        func liveAndExact(_ backend: Backend) async throws {
            try await AcodeFixture.with("run-live-\(backend)") { fixture in
                let plan = fixture.plan(
                    ["run"] + (try Self.options(backend)) + [
                        "--", "sh", "-c", "printf 'a\\000b'; sleep 3; head -c 20000000 /dev/zero; printf end",
                    ])
                let (_, ending) = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(10)) {
                    process in
                    try await eventually("the first bytes") { process.output == [97, 0, 98] }
                    #expect(!process.hasEnded)
                    try await process.waitForEnd(within: .seconds(30))
                }
                #expect(ending.process.code == 0)
                #expect(ending.process.output.count == 20_000_006)
                #expect(ending.process.output.suffix(3) == Array("end".utf8)[...])
            }
        }

        @Test("standard input is passed on", arguments: Backend.all)
        func standardInput(_ backend: Backend) async throws {
            try await AcodeFixture.with("run-stdin-\(backend)") { fixture in
                let path = try fixture.file("input", "some input\nwithout an end")
                let run = try await fixture.acode(
                    ["run"] + Self.options(backend) + ["--stdin-file", path, "--", "cat"])
                #expect(run.text == "some input\nwithout an end")
                let piped = try await fixture.acode(
                    ["run"] + Self.options(backend) + ["--stdin-file", "-", "--", "cat"],
                    input: .bytes(Array("piped".utf8)))
                #expect(piped.text == "piped")
            }
        }

        @Test("SIGINT and SIGTERM end the command and the worker", arguments: Backend.all, [SIGINT, SIGTERM])
        func signals(_ backend: Backend, _ signal: Int32) async throws {
            try await AcodeFixture.with("run-signal-\(backend)-\(signal)") { fixture in
                let plan = fixture.plan(
                    ["run"] + (try Self.options(backend)) + ["--", "sh", "-c", "echo begun; sleep 600"])
                let (_, ending) = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(10)) {
                    process in
                    try await eventually("the command to run") { process.output.text == "begun\n" }
                    process.send(signal)
                    try await process.waitForEnd(within: .seconds(15))
                }
                #expect(ending.process.code == 128 + signal, "\(ending.process)")
            }
        }

        @Test("limits, environment, directory and time-out are options", arguments: Backend.all)
        func options(_ backend: Backend) async throws {
            try await AcodeFixture.with("run-options-\(backend)") { fixture in
                let run = try await fixture.acode(
                    ["run"] + Self.options(backend) + [
                        "--env", "A=b", "--workdir", "/usr", "--", "sh", "-c", "echo $A; pwd",
                    ])
                #expect(run.text == "b\n/usr\n")
                let slow = try await fixture.acode(
                    ["run"] + Self.options(backend) + ["--timeout", "1s", "--", "sleep", "600"])
                #expect(slow.code != 0)
                #expect(slow.errorText.contains("time-out of 1 s"))
                guard backend.engine != nil else { return }
                let hog = try await fixture.acode(
                    ["run"] + Self.options(backend) + ["--memory-mb", "64", "--", "tail", "/dev/zero"])
                #expect(hog.code == 137)
                #expect(hog.errorText.contains("64 MiB"))
            }
        }

        @Test("without an engine: one warning and a process, or exit code 69")
        func noEngine() async throws {
            try await AcodeFixture.with { fixture in
                let socket = ["--engine-socket", "\(fixture.scratch)/nowhere.sock"]
                let fallback = try await fixture.acode(["run"] + socket + ["--", "sh", "-c", "echo anyway; exit 5"])
                #expect(fallback.text == "anyway\n")
                #expect(fallback.code == 5)
                let warnings = fallback.errorText.lowercased().split(separator: "\n").filter { $0.contains("warn") }
                #expect(warnings.count == 1, "\(fallback)")
                let refused = try await fixture.acode(["run", "--no-fallback"] + socket + ["--", "true"])
                #expect(refused.code == 69)
                #expect(refused.errorText.contains("nowhere.sock"))
            }
        }

        @Test("what a killed run leaves is removed by the next one", arguments: Engine.all)
        func killed(_ engine: Engine) async throws {
            try await AcodeFixture.with("run-killed-\(engine)") { fixture in
                let options = try Self.options(.of(engine))
                let plan = fixture.plan(["run"] + options + ["--", "sh", "-c", "echo begun; sleep 600"])
                let api = try engine.api
                _ = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(10)) { process in
                    try await eventually("the command to run") { process.output.text == "begun\n" }
                    process.send(SIGKILL)
                    try await process.waitForEnd(within: .seconds(5))
                }
                #expect(try await api.containers(label: "acode.worker=true").count == 1)
                let next = try await fixture.acode(["run"] + options + ["--", "echo", "next"])
                #expect(next.text == "next\n" && next.code == 0, "\(next)")
                #expect(try await api.containers(label: "acode.worker=true").isEmpty)
            }
        }
    }
}
