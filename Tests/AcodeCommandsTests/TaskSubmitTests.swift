import ArgumentParser
import Foundation
import Settings
import TaskModel
import Testing

@testable import AcodeCommands

@Suite("Submitting")
struct TaskSubmitTests {
    private static func spec(_ arguments: [String]) throws -> TaskSpec {
        let command = try #require(
            try AcodeCommand.parseAsRoot(["task", "submit"] + arguments) as? TaskSubmit)
        return try #require(try command.specs(TaskRules(defaultRetry: RetryPolicy(maxAttempts: 2, backoff: 7))).first)
    }

    @Test func aBareCommandTakesTheDefaults() throws {
        let spec = try Self.spec(["--", "sh", "-c", "echo $A", "--wait"])
        #expect(
            spec
                == TaskSpec(command: ["sh", "-c", "echo $A", "--wait"], retry: RetryPolicy(maxAttempts: 2, backoff: 7)))
    }

    @Test func everyOptionReachesTheTask() throws {
        let spec = try Self.spec([
            "--name", "nightly", "--env", "A=1=2", "-e", "B=", "--workdir", "/src", "--image", "alpine:3", "--cpus",
            "0.5",
            "--memory-mb", "64", "--pids", "20", "--mount", "/data:/in:ro", "--mount", "/out:/out", "--secret", "token",
            "--queue", "slow", "--priority", "-5", "--delay", "90s", "--timeout", "5m", "--retries", "3",
            "--isolation", "container", "--", "true",
        ])
        #expect(spec.name == "nightly")
        #expect(spec.env == ["A": "1=2", "B": ""])
        #expect(spec.workdir == "/src")
        #expect(spec.image == "alpine:3")
        #expect(spec.resources == ResourceRequest(cpus: 0.5, memoryMb: 64, pidsLimit: 20))
        #expect(
            spec.mounts == [
                MountSpec(source: "/data", target: "/in", readOnly: true), MountSpec(source: "/out", target: "/out"),
            ])
        #expect(spec.secrets == ["token"])
        #expect(spec.queue == "slow")
        #expect(spec.priority == -5)
        #expect(spec.delay == 90)
        #expect(spec.timeout == 300)
        #expect(spec.retry == RetryPolicy(maxAttempts: 4, backoff: 7))
        #expect(spec.isolation == .container)
    }

    @Test(
        arguments: [
            (["--git", "/srv/x", "--worktree", "/srv/y"], "--worktree"),
            (["--output", "a", "--output", "a/b"], "--output"),
        ])
    func optionsThatExcludeEachOtherAreRefused(arguments: [String], words: String) throws {
        let error = #expect(throws: CommandFailure.self) { try Self.spec(arguments + ["--", "true"]) }
        #expect(error?.exitCode == 64)
        #expect(error?.message.contains(words) == true)
    }

    @Test func anAtInTheNameOfARepositoryThatIsThereBeginsNoRef() throws {
        let there = try WorktreeOption.parse(worktree: nil, git: "a@b", directory: "/srv") { $0 == "/srv/a@b" }
        #expect(there == WorktreeSpec(git: GitSource(repo: "/srv/a@b")))
        let elsewhere = try WorktreeOption.parse(worktree: nil, git: "a@b", directory: "/srv") { _ in false }
        #expect(elsewhere == WorktreeSpec(git: GitSource(repo: "/srv/a", ref: "b")))
    }

    @Test func worktreesAndOutputsReachTheTask() throws {
        let spec = try Self.spec([
            "--git", "/srv/a@b/repo.git@v1", "--output", "report.txt", "-o", "app:/srv/artifacts/app", "--", "true",
        ])
        #expect(spec.worktree == WorktreeSpec(git: GitSource(repo: "/srv/a@b/repo.git", ref: "v1")))
        #expect(
            spec.outputs == [OutputSpec(path: "report.txt"), OutputSpec(path: "app", to: "/srv/artifacts/app")])
        #expect(try Self.spec(["--worktree", "/srv/x", "--", "true"]).worktree == WorktreeSpec(path: "/srv/x"))
        #expect(
            try Self.spec(["--git", "/srv/x", "--", "true"]).worktree == WorktreeSpec(git: GitSource(repo: "/srv/x")))
    }

    @Test(
        arguments: [
            (["--env", "=1"], "--env"), (["--env", "ACODE_SURELY_UNSET_VARIABLE"], "is not set"),
            (["--mount", "/only"], "--mount"), (["--mount", "/a:/b:rx"], "--mount"),
            (["--mount", "/proc:/b"], "--mount"), (["--worktree", "/proc"], "--worktree"),
            (["--git", "https://example.org/x"], "--git"), (["--git", "/srv/x@a..b"], "--git"),
            (["--output", "../x"], "--output"),
            (["--delay", "soon"], "--delay"), (["--timeout", "0"], "--timeout"), (["--retries", "-1"], "--retries"),
            (["--isolation", "vm"], "--isolation"), (["--priority", "1001"], "--priority"),
            (["--cpus", "0"], "--cpus"),
            (["--memory-mb", "1"], "--memory-mb"), (["--pids", "1"], "--pids"),
            (["--image", "Not An Image"], "--image"),
            (["--queue", "a b"], "--queue"), (["--workdir", "relative"], "--workdir"),
            (["--secret", "a/b"], "--secret"),
        ] as [([String], String)])
    func mistakesNameTheirOption(arguments: [String], words: String) throws {
        let joined = zip(arguments[0...0], arguments[1...]).map { "\($0)=\($1)" }
        let error = #expect(throws: CommandFailure.self) { try Self.spec(joined + ["--", "true"]) }
        #expect(error?.exitCode == 64)
        #expect(error?.message.contains(words) == true)
    }

    @Test(
        arguments: [
            [], ["--file", "tasks.yaml", "--", "true"], ["true"],
        ] as [[String]])
    func eitherACommandOrAFileIsNeeded(arguments: [String]) {
        #expect(throws: (any Error).self) { try AcodeCommand.parseAsRoot(["task", "submit"] + arguments) }
    }

    @Test func aFileGivesItsTasks() async throws {
        try await StoreFixture.withDirectory { directory in
            let path = "\(directory)/tasks.yaml"
            try "tasks: [{name: a, command: [make]}, {command: [make, test], retry: {maxAttempts: 9}}]".write(
                toFile: path, atomically: false, encoding: .utf8)
            let command = try #require(try AcodeCommand.parseAsRoot(["task", "submit", "-f", path]) as? TaskSubmit)
            let specs = try command.specs(TaskRules(defaultRetry: RetryPolicy(maxAttempts: 2)))
            #expect(specs.map(\.command) == [["make"], ["make", "test"]])
            #expect(specs.map(\.retry.maxAttempts) == [2, 9])
        }
    }

    @Test func mistakesInAFileAreThoseOfAConfiguration() async throws {
        try await StoreFixture.withDirectory { directory in
            let path = "\(directory)/tasks.yaml"
            try "tasks:\n- comand: [make]\n".write(toFile: path, atomically: false, encoding: .utf8)
            let command = try #require(try AcodeCommand.parseAsRoot(["task", "submit", "-f", path]) as? TaskSubmit)
            let error = #expect(throws: CommandFailure.self) { try command.specs(TaskRules()) }
            #expect(error?.exitCode == 78)
            #expect(error?.message.contains("\(path):2:3: tasks[0]") == true)
            #expect(error?.message.contains("command") == true)
        }
    }

    /// What is wrong with parameters names the file that has them, or the option.
    @Test(
        arguments: [
            ([], 78, "acode: PATH:2:9: size: t: expected a whole number, found \"big\"\n"),
            (
                ["--param", "other=1"], 64,
                """
                acode: PATH:2:9: size: t: expected a whole number, found "big"
                acode: --param other: the type t has no parameter other (its parameters are size)

                """
            ),
            (["--param", "size=huge"], 64, "acode: --param size: t: expected a whole number, found \"huge\"\n"),
        ] as [([String], Int32, String)])
    func mistakesInParametersNameTheirPlace(arguments: [String], code: Int32, words: String) async throws {
        try await StoreFixture.withDirectory { directory in
            let path = "\(directory)/p.json"
            try "{\n\"size\": \"big\"}\n".write(toFile: path, atomically: false, encoding: .utf8)
            let handlers = "handlers: {t: {parameters: {size: {type: integer}}, command: [x]}}"
            try handlers.write(toFile: "\(directory)/acode.yaml", atomically: false, encoding: .utf8)
            let settings = try SettingsLoader.load(
                configPath: "\(directory)/acode.yaml", environment: [:], flags: [], workingDirectory: directory)
            let line = ["task", "submit", "--type", "t", "--params-file", path] + arguments
            let command = try #require(try AcodeCommand.parseAsRoot(line) as? TaskSubmit)
            let error = #expect(throws: CommandFailure.self) { try command.specs(settings.settings.taskRules) }
            #expect(error?.exitCode == code)
            #expect(error?.text.replacing(path, with: "PATH") == words)
        }
    }

    @Test func aQueueThatThereIsNotIsBlamedOnWhoNamedIt() throws {
        var settings = Settings(state: .init(dir: "/s", runtimeDir: "/r"))
        settings.queue.declared = ["light"]
        let named = #expect(throws: CommandFailure.self) {
            try DeclaredQueues(settings).check(TaskSpec(command: ["x"], queue: "ligth"), isNamed: true)
        }
        #expect(named?.message == "--queue: there is no queue ligth (did you mean light?)")
        let routed = #expect(throws: CommandFailure.self) {
            try DeclaredQueues(settings).check(TaskSpec(command: ["x"]), isNamed: false)
        }
        #expect(
            routed?.message
                == "there is no queue default (name one with --queue; queue.declared names light)")
    }

    @Test func aVariableWithoutAValueIsPassedOn() throws {
        #expect(
            try TaskOptions.variables(["HOME", "A=b"], environment: ["HOME": "/root"]) == ["HOME": "/root", "A": "b"])
    }

    @Test func aRelativeSourceBeginsWhereTheUserIs() throws {
        #expect(try MountOption.parse("data:/in", directory: "/home/me").source == "/home/me/data")
        #expect(try MountOption.parse(".:/in:rw", directory: "/home/me").source == "/home/me")
    }
}
