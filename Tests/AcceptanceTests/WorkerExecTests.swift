import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// O-3: `worker exec`.
    @Suite("Worker exec", .timeLimit(.minutes(5)), .sharedPools())
    struct WorkerExec {
        /// A worker that can be entered: the test before may have left one that is being replaced.
        private static func worker(_ engine: Engine) async throws -> (AcodeFixture, String) {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            return (fixture, try await idle(fixture))
        }

        private static func idle(_ fixture: AcodeFixture, otherThan old: String? = nil) async throws -> String {
            try await eventually("an idle worker") {
                let worker = try await fixture.workers().first
                guard worker?["status"] == "idle", worker?["id"].string != old else { return nil }
                return worker?["id"].string
            }
        }

        @Test(
            "without a terminal: output and errors apart, input piped, the exit code passed on", arguments: Engine.all)
        func piped(_ engine: Engine) async throws {
            let (fixture, id) = try await Self.worker(engine)
            let both = try await fixture.acode("worker", "exec", id, "--", "sh", "-c", "echo out; echo err >&2; exit 7")
            #expect(both.text == "out\n")
            #expect(both.errorText == "err\n")
            #expect(both.code == 7)
            let count = 300_000
            let piped = try await fixture.acode(
                ["worker", "exec", "-i", String(id.prefix(6)), "--", "cat"],
                input: .bytes(Array(String(repeating: "0123456789", count: count / 10).utf8)))
            #expect(piped.code == 0)
            #expect(piped.text.utf8.count == count)
            let deaf = try await fixture.acode(
                ["worker", "exec", id, "--", "cat"], input: .bytes(Array("nobody reads this\n".utf8)))
            #expect(deaf.text == "" && deaf.code == 0)
            let set = try await fixture.acode(
                "worker", "exec", "-e", "GREETING=hello=you", "-w", "/tmp", id, "--", "sh", "-c", "echo $GREETING; pwd")
            #expect(set.text == "hello=you\n/tmp\n")
        }

        @Test(
            "a terminal: its size, resizing, Ctrl-C for the command, its code, and left as it was",
            arguments: Engine.all)
        func terminal(_ engine: Engine) async throws {
            let (fixture, id) = try await Self.worker(engine)
            // The shell asks for the size again each time, until the engine has passed it on.
            func waiting(for size: String) -> String {
                #"type while [ "$(stty size 2>&1)" != "\#(size)" ]; do sleep 0.1; done; echo now'=\#(size)'\n"#
            }
            let script = [
                "see $", waiting(for: "37 91"), "see now=37 91", "resize 20 50", waiting(for: "20 50"), "see now=20 50",
                // A shell that edits its line takes Ctrl-C itself, even between two commands: one program must be at work.
                #"type sh -c 'echo wor""king; exec sleep 600'\n"#, "see working", #"type \x03"#,
                #"type echo alive:$((6*7))\n"#, "see alive:42", #"type exit 9\n"#,
            ]
            let end = try await TerminalPlayer.play(fixture, script, ["worker", "exec", "-it", id, "--", "sh"])
            #expect(end.code == 0, "\(end)")
            #expect(end.text.contains("[code 9, terminal restored]"), "\(end)")
        }

        @Test("told to end: the terminal is restored", arguments: Engine.all, [SIGTERM, SIGHUP])
        func told(_ engine: Engine, _ signal: Int32) async throws {
            let (fixture, id) = try await Self.worker(engine)
            let script = ["see $", #"type echo rea'dy'\n"#, "see ready", "kill \(signal)"]
            let end = try await TerminalPlayer.play(fixture, script, ["worker", "exec", "-it", id, "--", "sh"])
            #expect(end.text.contains("[code \(128 + signal), terminal restored]"), "\(end)")
        }

        @Test("it runs as the task's user, within the worker, beside a task", arguments: Engine.all)
        func beside(_ engine: Engine) async throws {
            let (fixture, id) = try await Self.worker(engine)
            let task = try await fixture.submitScript("echo begun > seen; echo begun; sleep 600")
            try await fixture.waitFor(task, toPrint: "begun")
            let look = try await fixture.acode("worker", "exec", id, "--", "sh", "-c", "id -u; cat seen")
            #expect(look.text == "1000\nbegun\n", "\(look)")
            try await fixture.acode("task", "cancel", task).succeeded()
            try await fixture.waitFor(task, state: "cancelled")
            // A worker whose task did not succeed is replaced, a moment after the task's end.
            _ = try await Self.idle(fixture, otherThan: id)
        }

        @Test("a worker whose container does not run now: its state in clear words, and code 75", arguments: Engine.all)
        func notRunning(_ engine: Engine) async throws {
            let (fixture, id) = try await Self.worker(engine)
            let container = try #require(try await fixture.workers().first?["containerID"].string)
            _ = try await engine.api.call("POST", "/containers/\(container)/pause")
            let paused = try await fixture.acode("worker", "exec", id, "--", "true")
            _ = try await engine.api.call("POST", "/containers/\(container)/unpause")
            #expect(paused.code == 75, "\(paused)")
            #expect(paused.errorText.contains("the worker \(id): its container is paused"), "\(paused)")
            #expect(try await fixture.acode("worker", "exec", id, "--", "true").code == 0)
        }

        @Test("commands that can't be run, and workers that can't be entered, are told plainly", arguments: Engine.all)
        func refused(_ engine: Engine) async throws {
            let (fixture, id) = try await Self.worker(engine)
            let missing = try await fixture.acode("worker", "exec", id, "--", "/no/such/program")
            #expect([126, 127].contains(missing.code), "\(missing)")
            #expect((missing.text + missing.errorText).contains("/no/such/program"))
            let nobody = try await fixture.acode("worker", "exec", "zzzzzz", "--", "true")
            #expect(nobody.code == 1 && nobody.errorText.contains("no worker zzzzzz"))
            let nothing = try await fixture.acode("worker", "exec", id)
            #expect(nothing.code == 64 && nothing.errorText.contains("-- sh"), "\(nothing)")
            let noTerminal = try await fixture.acode("worker", "exec", "-it", id, "--", "sh")
            #expect(noTerminal.code == 64 && noTerminal.errorText.contains("no terminal"), "\(noTerminal)")
        }

        @Test("a local worker is no container: clear words, and where its tasks start")
        func local() async throws {
            let fixture = try SharedPools.pool(.local).fixture
            let id = try #require(try await fixture.workers().first?["id"].string)
            let answer = try await fixture.acode("worker", "exec", "-i", id, "--", "true")
            #expect(answer.code == 1)
            #expect(answer.errorText.contains("no running container"))
            #expect(answer.errorText.contains("/workers/\(id)"), "\(answer)")
        }
    }
}
