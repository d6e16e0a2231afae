import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// K-4, NFR-006: a new supervisor takes the place of a running one.
    @Suite("Handoff", .timeLimit(.minutes(5)))
    struct Handoff {
        private static let steady = "i=0; while [ $i -lt 250 ]; do i=$((i+1)); echo line $i; sleep 0.02; done"
        private static let lines = (1...250).map { "line \($0)\n" }.joined()

        private static func next(_ count: Int) -> PoolOptions {
            var options = PoolOptions(count: count)
            options.flags += ["--handoff"]
            return options
        }

        @Test("under load no task is interrupted, lost or repeated", arguments: Engine.all)
        func underLoad(_ engine: Engine) async throws {
            try await AcodeFixture.with("handoff-\(engine)") { fixture in
                let shared = try fixture.openDirectory("shared")
                let mounts: JSONValue = [["source": .string(shared), "target": "/shared"]]
                try fixture.write(
                    try JSONValue.object(["workers": ["docker": ["mounts": mounts]]]).encoded(),
                    to: fixture.configuration)
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 3)) { old in
                    let before = Set(try await old.containers().compactMap { $0["Id"].string })
                    let long = try await fixture.submitScript(Self.steady)
                    let short = (1...40).map { "- {command: [sh, -c, 'sleep 0.1; echo \($0) >> /shared/ran']}" }
                    let file = try fixture.file("short.yaml", "tasks:\n" + short.joined(separator: "\n") + "\n")
                    let waiting = Task {
                        try await fixture.acode(["task", "submit", "--wait", "--file", file], within: .seconds(90))
                    }
                    let watched = Task {
                        try await fixture.runScript("sleep 2; echo end; exit 5", within: .seconds(90))
                    }
                    try await fixture.waitFor(long, toPrint: "line 30\n")
                    try await fixture.withSupervisor(.of(engine), Self.next(3)) { new in
                        try await old.process.waitForEnd(within: .seconds(20))
                        #expect(Set(try await new.containers().compactMap { $0["Id"].string }) == before)
                        let task = try await fixture.waitFor(long, state: "complete", within: .seconds(60))
                        #expect(task["attempt"] == 1)
                        #expect(try await fixture.acode("task", "logs", long).text == Self.lines)
                        #expect(try await waiting.value.code == 0)
                        let seen = try await watched.value
                        #expect(seen.code == 5 && seen.text == "end\n")
                        let tasks = try await fixture.tasks()
                        #expect(tasks.count == 42)
                        #expect(tasks.count { $0["state"] == "complete" } == 41)
                        let ran = try String(contentsOfFile: "\(shared)/ran", encoding: .utf8).split(separator: "\n")
                        #expect(ran.count == 40 && Set(ran).count == 40)
                    }
                }
            }
        }

        @Test("a supervisor that does not answer goes on, and the new one says so", arguments: Engine.all)
        func unanswered(_ engine: Engine) async throws {
            try await AcodeFixture.with("handoff-frozen-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { old in
                    let id = try await fixture.submitScript(Self.steady)
                    try await fixture.waitFor(id, toPrint: "line 5\n")
                    old.process.send(SIGSTOP)
                    let refused = try await fixture.acode(
                        ["worker", "start", "--handoff", "--handoff-timeout", "1s"], within: .seconds(40))
                    old.process.send(SIGCONT)
                    #expect(refused.code == 75)
                    #expect(refused.errorText.contains("did not hand over"), "\(refused)")
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == Self.lines)
                }
            }
        }

        @Test("a new one that could not start leaves the old one and its task as they are", arguments: Engine.all)
        func wouldFail(_ engine: Engine) async throws {
            let refused: [(what: String, options: [String], code: Int32, words: String)] = [
                ("network", ["--network", "no-such-network"], 78, "no network \"no-such-network\""),
                ("mount", [], 78, "/proc"),
                ("engine", ["--engine-socket", "/tmp/no-such-engine.sock"], 69, "no-such-engine.sock"),
                (
                    "engine", ["--engine-socket", try (engine == .docker ? Engine.podman : .docker).socket], 75,
                    "the workers are \(engine)'s"
                ),
            ]
            try await AcodeFixture.with("handoff-fails-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { old in
                    let id = try await fixture.submitScript(Self.steady)
                    try await fixture.waitFor(id, toPrint: "line 5\n")
                    for next in refused {
                        var environment: [String: String] = [:]
                        if next.what == "mount" {
                            let link = "\(fixture.scratch)/link"
                            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/proc")
                            let mounts: JSONValue = [["source": .string(link), "target": "/there"]]
                            let tree = JSONValue.object(["workers": ["docker": ["mounts": mounts]]])
                            environment["ACODE_CONFIG"] = try fixture.file("\(next.what).json", try tree.encoded())
                        }
                        let socket = next.what == "engine" ? [] : ["--engine-socket", try engine.socket]
                        let end = try await fixture.acode(
                            ["worker", "start", "--handoff", "--no-fallback", "--mode", "docker"] + socket
                                + next.options,
                            environment: environment)
                        #expect(end.code == next.code, "\(end)")
                        #expect(end.errorText.contains(next.words), "\(end)")
                        #expect(end.errorText.contains("goes on"), "\(end)")
                        #expect(!old.process.hasEnded)
                    }
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == Self.lines)
                }
            }
        }

        @Test("without a supervisor to take over from it simply starts", arguments: Engine.all)
        func nobodyThere(_ engine: Engine) async throws {
            try await AcodeFixture.with("handoff-nobody-\(engine)") { fixture in
                let end = try await fixture.withSupervisor(.of(engine), Self.next(1)) { _ in
                    let said = try await fixture.runScript("echo hello")
                    #expect(said.text == "hello\n")
                }
                #expect(end.errorText.contains("starting without a handoff"))
            }
        }

        @Test("local processes can't be handed over, and go on; so does all where the new one lacks its token")
        func local() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local) { old in
                    let id = try await fixture.submitScript("echo begun; sleep 2; echo over")
                    try await fixture.waitFor(id, toPrint: "begun")
                    let lacking = try await fixture.acode(
                        ["worker", "start", "--mode", "local", "--handoff"],
                        environment: [
                            "ACODE_SUPERVISOR_LISTEN": "127.0.0.1:\(Loopback.freePort())",
                            "ACODE_SUPERVISOR_TOKEN_FILE": "\(fixture.scratch)/nope",
                        ])
                    #expect(lacking.code == 78, "\(lacking)")
                    #expect(
                        lacking.errorText.contains(
                            "supervisor.tokenFile: \(fixture.scratch)/nope can't be read: No such file or directory; "
                                + "the running supervisor (pid \(old.process.pid)) goes on"), "\(lacking)")
                    #expect(!old.process.hasEnded)
                    let refused = try await fixture.acode(["worker", "start", "--mode", "local", "--handoff"])
                    #expect(refused.code == 75)
                    #expect(refused.errorText.contains("local processes"), "\(refused)")
                    #expect(try await fixture.waitFor(id, state: "complete")["attempt"] == 1)
                }
            }
        }

        @Test("a limit that is no duration is wrong usage")
        func badLimit() async throws {
            try await AcodeFixture.with { fixture in
                let end = try await fixture.acode(["worker", "start", "--handoff", "--handoff-timeout", "soon"])
                #expect(end.code == 64)
                #expect(end.errorText.contains("--handoff-timeout"))
            }
        }
    }
}
