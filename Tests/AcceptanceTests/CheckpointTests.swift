import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// K-1…K-5: a task goes on where it was interrupted.
    @Suite("Checkpoints", .timeLimit(.minutes(5)))
    struct Checkpoints {
        private static let quick: [String: JSONValue] = [
            "workers.shutdownTimeout": "20s", "workers.stopTimeout": "2s",
        ]

        private func kinds(_ fixture: AcodeFixture, _ id: String) async throws -> [String] {
            try await fixture.json("task", "events", id).elements.compactMap { $0["kind"].string }
        }

        private func words(_ fixture: AcodeFixture, _ id: String, _ kind: String) async throws -> [String] {
            try await fixture.json("task", "events", id).elements.filter { $0["kind"] == kind }
                .compactMap { $0["message"].string }
        }

        /// Submits an example of the page. Its first attempt takes its time, so that it is met in the middle on a busy host.
        private func submit(_ example: String, _ fixture: AcodeFixture) async throws -> String {
            let code = try PageExample.code(example, on: "Checkpoints")
            let shell = example.hasSuffix(".py") ? "/usr/bin/python3 -c" : "sh -c"
            let pace =
                "if [ $ACODE_ATTEMPT = 1 ]; then PART_SECONDS=1.5; else PART_SECONDS=0.05; fi; export PART_SECONDS"
            return try await fixture.submit([], ["sh", "-c", "\(pace); exec \(shell) \"$0\"", code])
        }

        /// The programs of the page, with each way that they can be run.
        private static let examples: [(Backend, String)] =
            Backend.all.map { ($0, "phases.sh") } + [(.local, "phases.py")]

        /// The requests of the page, letter by letter: a program with nothing of acode in it has no other way to know them.
        private static let bare = #"""
            import os, socket, struct
            def ask(body):
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
                    agent.connect("\0" + os.environ["ACODE_AGENT_SOCKET"][1:])
                    agent.sendall(struct.pack(">IB", len(body), 0x41) + body)
                    with agent.makefile("rb") as answer:
                        length, _ = struct.unpack(">IB", answer.read(5))
                        print(answer.read(length).decode(), flush=True)
            open(os.path.join(os.environ["ACODE_OUTPUT_DIR"], "numbers.txt"), "w").write("5050")
            ask(rb"""CHECKPOINT""")
            ask(rb"""STOP""")
            ask(rb"""PROGRESS""")
            """#

        @Test("the socket takes what the page says, letter by letter")
        func letterByLetter() async throws {
            let page = try String(
                contentsOfFile: "\(Checkout.root)/Sources/acode/acode.docc/Checkpoints.md", encoding: .utf8)
            func request(_ name: String) throws -> String {
                let line = try #require(page.split(separator: "\n").first { $0.hasPrefix("    {\"\(name)\":") })
                return String(line.drop { $0 == " " })
            }
            let script = Self.bare.replacing("CHECKPOINT\"\"\"", with: try request("checkpoint") + "\"\"\"")
                .replacing("STOP\"\"\"", with: try request("shouldStop") + "\"\"\"")
                .replacing("PROGRESS\"\"\"", with: try request("progress") + "\"\"\"")
            try await AcodeFixture.with("checkpoint-letters") { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let run = try await fixture.submitAndWait(["--name", "bare"], ["/usr/bin/python3", "-c", script])
                    let answers = try run.lines.map { try JSONValue(parsing: $0.utf8) }
                    try #require(run.code == 0 && answers.count == 3, "\(run)")
                    #expect(answers[0]["ok"] == true && answers[0]["verdict"] == "saved", "\(run)")
                    #expect(answers[1]["ok"] == true && answers[1]["stop"] == false, "\(run)")
                    #expect(answers[2]["ok"] == true, "\(run)")
                    let id = try #require(try await fixture.task(named: "bare")["id"].string)
                    let task = try await fixture.task(id)
                    #expect(task["checkpoint"]["phase"] == 2 && task["checkpoint"]["data"] == ["sum": 5050], "\(task)")
                    #expect(task["checkpoint"]["artifacts"][0]["path"] == "numbers.txt", "\(task)")
                    #expect(task["progress"] == 40, "\(task)")
                    #expect(try await words(fixture, id, "progress") == ["stacking"])
                }
            }
        }

        @Test(
            "SIGTERM: the task leaves at its next look, and another supervisor goes on at the next phase",
            arguments: examples)
        func shutdown(_ backend: Backend, _ example: String) async throws {
            try await AcodeFixture.with("checkpoint-shutdown-\(backend)-\(example)", settings: Self.quick) { fixture in
                var id = ""
                let asked = ContinuousClock.now
                try await fixture.withSupervisor(backend) { supervisor in
                    id = try await submit(example, fixture)
                    try await fixture.waitFor(id, toPrint: "phase 2")
                    supervisor.process.send(SIGTERM)
                    try await supervisor.process.waitForEnd(within: .seconds(15))
                }
                // Long before the shutdown's time-out.
                #expect(ContinuousClock.now - asked < .seconds(18))
                let left = try await fixture.task(id)
                #expect(left["state"] == "enqueued" && left["outcome"] == "interrupted" && left["exitCode"] == 75)
                #expect(left["interruptions"] == 1 && left["failures"] == 0)
                #expect(left["checkpoint"]["phase"] == 1 && left["checkpoint"]["data"] == ["rows": 100], "\(left)")
                #expect(left["checkpoint"]["artifacts"][0]["path"] == "numbers.txt")
                try await fixture.withSupervisor(backend) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 2 && task["checkpoint"]["phase"] == 2)
                    #expect(task["attempts"][0]["checkpoint"]["phase"] == 1)
                    #expect(task["attempts"][1]["checkpoint"]["data"] == ["sum": 5050])
                    #expect(task["executionStartedAt"] == task["attempts"][0]["startedAt"])
                    let durations = task["attempts"].elements.compactMap { $0["durationSeconds"].double }
                    #expect(durations.count == 2 && durations.allSatisfy { $0 > 0 })
                    // As the agent measured them, not by the clocks of two machines.
                    #expect(
                        durations == task["attempts"].elements.compactMap { $0["usage"]["wallSeconds"].double },
                        "\(task)")
                    let together = try #require(task["executionSeconds"].double)
                    #expect(abs(together - durations.reduce(0, +)) < 0.000_001)
                    let saved = [task["checkpoint"]] + task["attempts"].elements.map { $0["checkpoint"] }
                    #expect(saved.compactMap { $0["updatedAt"].string }.count == 3, "\(saved)")
                    let printed = try await fixture.acode("task", "logs", id).text
                    #expect(printed == "phase 2\nphase 3\nafter phase 2: {\"sum\": 5050}\n")
                    let page = try await fixture.acode("task", "show", id).text
                    #expect(page.contains("phase 2, saved by attempt 2") && page.contains("{\"sum\": 5050}"), "\(page)")
                }
                #expect(
                    try await kinds(fixture, id).filter { $0.hasPrefix("checkpoint") || $0 == "resumed" } == [
                        "checkpoint_saved", "resumed", "checkpoint_saved",
                    ])
                // Nothing stays of what only another attempt would have needed.
                try await eventually("the artifacts to be removed") {
                    let kept = try? FileManager.default.contentsOfDirectory(
                        atPath: "\(fixture.stateDirectory)/checkpoints")
                    return kept?.isEmpty ?? true
                }
            }
        }

        @Test(
            "SIGKILL of the supervisor and of what it ran: the task goes on at the next phase", arguments: Backend.all)
        func crash(_ backend: Backend) async throws {
            try await AcodeFixture.with("checkpoint-crash-\(backend)", settings: Self.quick) { fixture in
                var id = ""
                try await fixture.withSupervisor(backend) { supervisor in
                    id = try await submit("phases.sh", fixture)
                    try await fixture.waitFor(id, toPrint: "phase 2")
                    let container = try await supervisor.containers().first?["Id"].string
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                    if let container { try await supervisor.api?.kill(container) }
                }
                try await fixture.withSupervisor(backend) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 2 && task["failures"] == 0)
                    let printed = try await fixture.acode("task", "logs", id).text
                    #expect(printed == "phase 2\nphase 3\nafter phase 2: {\"sum\": 5050}\n")
                }
            }
        }

        @Test("SIGKILL of the supervisor alone: a save waits for the next one", arguments: Engine.all)
        func takeover(_ engine: Engine) async throws {
            try await AcodeFixture.with("checkpoint-takeover-\(engine)") { fixture in
                var id = ""
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    id = try await fixture.submitScript(
                        """
                        echo begun; sleep 1.5; acode-agent checkpoint save 1 --data '{"saved": "meanwhile"}'; echo "code $?"
                        """)
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                }
                try await Task.sleep(for: .seconds(1.5))
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 1 && task["checkpoint"]["data"] == ["saved": "meanwhile"], "\(task)")
                    #expect(try await fixture.acode("task", "logs", id).text == "begun\ncode 0\n")
                }
            }
        }

        @Test(
            "a failure goes on at the last phase, `retry --from-start` does not", arguments: [Backend.local, .docker])
        func failures(_ backend: Backend) async throws {
            try await AcodeFixture.with("checkpoint-failures-\(backend)", settings: Self.quick) { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let script = """
                        acode-agent checkpoint get --phase
                        acode-agent checkpoint done 1 || acode-agent checkpoint save 1 --data '{"n": 12345678901234567890.10}'
                        acode-agent checkpoint get --data; exit 3
                        """
                    let id = try await fixture.submitScript(script)
                    try await fixture.waitFor(id, state: "error")
                    let data = "{\"n\": 12345678901234567890.10}\n"
                    #expect(try await fixture.acode("task", "logs", id).text == "0\n\(data)")
                    try await fixture.acode("task", "retry", id).succeeded()
                    try await fixture.waitFor(id, state: "error")
                    #expect(try await fixture.acode("task", "logs", id).text == "1\n\(data)")
                    try await fixture.acode("task", "retry", "--from-start", id).succeeded()
                    let last = try await fixture.waitFor(id, state: "error")
                    #expect(try await fixture.acode("task", "logs", id).text == "0\n\(data)")
                    #expect(last["attempts"][0]["checkpoint"]["discarded"] == true)
                    #expect(last["checkpoint"]["attempt"] == 3)
                    try await fixture.acode("queue", "dead", "requeue", "--from-start", id).succeeded()
                    try await eventually("the fourth attempt") { try await fixture.task(id)["attempt"] == 4 }
                    try await fixture.waitFor(id, state: "error")
                    #expect(try await fixture.acode("task", "logs", id).text == "0\n\(data)")
                }
            }
        }

        @Test("what can't be saved is refused with the reason, and the last checkpoint stays", arguments: Backend.all)
        func refusals(_ backend: Backend) async throws {
            var settings = Self.quick
            settings["secrets"] = ["token": ["command": ["printf", "s3cr3t-value"]]]
            try await AcodeFixture.with("checkpoint-refusals-\(backend)", settings: settings) { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let run = try await fixture.runScript(
                        """
                        cd $ACODE_OUTPUT_DIR; echo x > good; : > empty; mkdir hollow tree; echo y > tree/leaf
                        ln -s /etc/passwd link; ln -s / out; mkdir bad; ln -s /etc bad/link; mkfifo pipe
                        try() { acode-agent checkpoint save "$@"; echo "$? $(acode-agent checkpoint get --phase)"; }
                        try 5 --data '{"a": 1}' --artifact good --artifact $ACODE_OUTPUT_DIR/tree --artifact tree/leaf
                        for name in missing empty hollow link out/etc/passwd bad pipe ../x /etc/passwd; do
                            try 6 --artifact $name
                        done
                        try 4; try 6 --data '{"a": '; try 6 --data "\\"$(cat $ACODE_SECRETS_DIR/token)\\""
                        try 2000000000; try 4 --force; try 6
                        (echo > $ACODE_CHECKPOINT_FILE) 2> $ACODE_TEMP_DIR/x && echo written
                        exit 0
                        """, ["--secret", "token", "--name", "refused"])
                    let refused = Array(repeating: "1 5", count: 13)
                    let isRoot = backend == .local && getuid() == 0
                    #expect(
                        run.lines == ["0 5"] + refused + ["0 4", "0 6"] + (isRoot ? ["written"] : []), "\(run.text)")
                    for reason in [
                        "missing can't be kept: it is not there", "empty file", "directory without a file",
                        "symbolic link", "not followed", "leads out of it", "neither a file nor a directory",
                        "no path in $ACODE_OUTPUT_DIR", "not in $ACODE_OUTPUT_DIR", "phase 5 is saved already",
                        "not JSON", "a secret in it", "not a number from 1",
                    ] {
                        #expect(run.errorText.contains(reason), "\(reason): \(run.errorText)")
                    }
                    let task = try await fixture.task(named: "refused")
                    #expect(task["checkpoint"]["phase"] == 6)
                    #expect(!run.errorText.contains("s3cr3t-value"))
                }
            }
        }

        @Test(
            "artifacts that are gone: the phase before, or the start, and the timeline says why",
            arguments: [Backend.docker, .local])
        func artifactsGone(_ backend: Backend) async throws {
            try await AcodeFixture.with("checkpoint-gone-\(backend)", settings: Self.quick) { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let script = """
                        echo "from $(acode-agent checkpoint get --phase): $(cat $ACODE_OUTPUT_DIR/* 2> $ACODE_TEMP_DIR/x)"
                        if [ $ACODE_ATTEMPT = 1 ]; then
                            echo one > $ACODE_OUTPUT_DIR/one; acode-agent checkpoint save 1 --artifact one
                            echo two > $ACODE_OUTPUT_DIR/two; acode-agent checkpoint save 2 --artifact two --artifact one
                            echo changed > $ACODE_OUTPUT_DIR/one; rm $ACODE_OUTPUT_DIR/two
                        fi
                        exit 3
                        """
                    let id = try await fixture.submitScript(script)
                    func again() async throws -> String {
                        try await fixture.acode("task", "retry", id).succeeded()
                        try await fixture.waitFor(id, state: "error")
                        return try await fixture.acode("task", "logs", id).text
                    }
                    try await fixture.waitFor(id, state: "error")
                    // As they were when they were saved, each time.
                    #expect(try await again() == "from 2: one\ntwo\n")
                    let kept = "\(fixture.stateDirectory)/checkpoints/\(id)"
                    for shelf in try FileManager.default.contentsOfDirectory(atPath: kept) {
                        let file = "\(kept)/\(shelf)/two"
                        if FileManager.default.fileExists(atPath: file) { try fixture.write("other", to: file) }
                    }
                    #expect(try await again() == "from 1: one\n")
                    try FileManager.default.removeItem(atPath: kept)
                    #expect(try await again() == "from 0: \n")
                    let told = try await words(fixture, id, "checkpoint_discarded")
                    #expect(told.count == 2)
                    #expect(told.first?.contains("phase 2 can't be gone on from: its artifact two is not what") == true)
                    #expect(told.last?.contains("its artifacts are not here; begins from the start") == true)
                    try await fixture.acode("queue", "dead", "purge", id).succeeded()
                }
            }
        }

        @Test("another machine begins at the phase without artifacts, or goes on when the directory is shared")
        func otherMachine() async throws {
            let shared = "/tmp/acode-shared-\(UInt32.random(in: 0...(.max)))"
            defer { try? FileManager.default.removeItem(atPath: shared) }
            for directory in ["", shared] {
                var settings = Self.quick
                settings["checkpoints.directory"] = .string(directory)
                try await AcodeFixture.with("checkpoint-machine", settings: settings) { fixture in
                    let store =
                        TestDatabase.isFixturesStore
                        ? [:] : ["ACODE_STORE_PATH": "\(fixture.scratch)/store.sqlite"]
                    var here = PoolOptions(), there = PoolOptions()
                    here.environment = store
                    // A state directory of its own is what makes a machine here.
                    there.environment = store.merging([
                        "ACODE_STATE_DIR": "\(fixture.directory)/s2", "ACODE_RUNTIME_DIR": "\(fixture.directory)/r2",
                    ]) { $1 }
                    there.waitsForWorkers = false
                    let script = """
                        echo "from $(acode-agent checkpoint get --phase)"; [ $ACODE_ATTEMPT = 1 ] || exit 0
                        acode-agent checkpoint save 1 --data '{}'; echo x > $ACODE_OUTPUT_DIR/x
                        acode-agent checkpoint save 2 --artifact x; echo saved
                        while ! acode-agent should-stop; do sleep 0.05; done; exit 75
                        """
                    var id = ""
                    func ask(_ words: String...) async throws -> FinishedProcess {
                        try await fixture.acode(words, environment: store)
                    }
                    try await fixture.withSupervisor(.local, here) { supervisor in
                        id = try await ask("task", "submit", "-q", "--", "sh", "-c", script).lines.first ?? ""
                        try await eventually("both checkpoints") {
                            try await ask("task", "show", id, "--json").json()["checkpoint"]["phase"] == 2
                        }
                        supervisor.process.send(SIGTERM)
                        try await supervisor.process.waitForEnd(within: .seconds(15))
                    }
                    try await fixture.withSupervisor(.local, there) { _ in
                        try await eventually("its end") {
                            try await ask("task", "show", id, "--json").json()["state"] == "complete"
                        }
                    }
                    // What the first machine kept of it goes when that one is back.
                    let kept = "\(fixture.stateDirectory)/checkpoints/\(id)"
                    if directory.isEmpty {
                        #expect(FileManager.default.fileExists(atPath: kept))
                        try await fixture.withSupervisor(.local, here) { _ in
                            try await eventually("its artifacts to go") {
                                !FileManager.default.fileExists(atPath: kept)
                            }
                        }
                    }
                    let resumed = try await ask("task", "events", id, "--json").json().elements
                        .first { $0["kind"] == "resumed" }
                    let phase = directory.isEmpty ? 1 : 2
                    #expect(
                        resumed?["message"].string?.contains("after phase \(phase)") == true,
                        "\(String(describing: resumed))")
                }
            }
        }

        @Test("a cancelled task is told to stop, and may go on later", arguments: Backend.all)
        func cancelled(_ backend: Backend) async throws {
            try await AcodeFixture.with("checkpoint-cancel-\(backend)", settings: Self.quick) { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let id = try await fixture.submitScript(
                        """
                        acode-agent checkpoint done 1 && { echo resumed; exit 0; }
                        trap '' TERM; acode-agent checkpoint save 1; echo saved; [ ! -e $ACODE_STOP_FILE ] || echo early
                        while [ ! -e $ACODE_STOP_FILE ]; do sleep 0.05; done; echo told; exit 75
                        """)
                    try await fixture.waitFor(id, toPrint: "saved")
                    try await fixture.acode("task", "cancel", id).succeeded()
                    try await fixture.waitFor(id, state: "cancelled")
                    #expect(try await fixture.acode("task", "logs", id).text == "saved\ntold\n")
                    try await fixture.acode("task", "retry", id).succeeded()
                    try await fixture.waitFor(id, state: "complete")
                    #expect(try await fixture.acode("task", "logs", id).text == "resumed\n")
                    // The next task of the same worker has neither.
                    let next = try await fixture.runScript("ls $ACODE_STOP_FILE $ACODE_CHECKPOINT_FILE")
                    #expect(next.code != 0 && next.text.isEmpty, "\(next)")
                }
            }
        }
    }
}
