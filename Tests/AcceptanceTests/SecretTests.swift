import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-070…074: secrets are files for one task and nowhere else.
    @Suite("Secrets", .timeLimit(.minutes(3)))
    struct Secrets {
        private static let value = "s3cr3t-Zq8-value"

        /// Every file below a directory that holds the secret.
        private static func filesHolding(_ text: String, below directory: String) async throws -> [String] {
            let plan = ProcessPlan("/bin/grep", ["-rlaF", "--", text, directory])
            let grep = try await ChildProcess.run(plan, logs: NSTemporaryDirectory(), within: .seconds(20))
            return grep.lines
        }

        @Test("a task reads its secret; nobody else ever sees it", arguments: Backend.all)
        func readAndHidden(_ backend: Backend) async throws {
            let source = "/tmp/acode-secret-\(UInt32.random(in: 0...(.max)))"
            try Data("\(Self.value)".utf8).write(to: URL(fileURLWithPath: source))
            defer { try? FileManager.default.removeItem(atPath: source) }
            let settings: [String: JSONValue] = [
                "secrets": [
                    "token": ["file": .string(source)], "from-env": ["env": "SECRET_OF_TEST"],
                    "from-command": ["command": ["printf", .string("made-\(Self.value)")]],
                ],
                "logs.level": "debug",
            ]
            try await AcodeFixture.with("secrets-\(backend)", settings: settings) { fixture in
                var options = PoolOptions()
                options.environment = ["SECRET_OF_TEST": "env-\(Self.value)"]
                let end = try await fixture.withSupervisor(backend, options) { supervisor in
                    let secrets = "$ACODE_SECRETS_DIR"
                    let run = try await fixture.runScript(
                        "cd \(secrets); for f in token from-env from-command; do sha256sum < $f; done;"
                            + " stat -c '%a %u' token; stat -f -c %T .; env | grep -c 's3cr3t-[Z]q8'; echo begun; sleep 2",
                        ["--secret", "token", "--secret", "from-env", "--secret", "from-command", "--name", "reader"])
                    var expected: [String] = []
                    for prefix in ["", "env-", "made-"] {
                        expected.append(try await Digest.sha256(Array("\(prefix)\(Self.value)".utf8)) + "  -")
                    }
                    let owner = backend.engine == nil ? "0" : "1000"
                    #expect(run.lines == expected + ["400 \(owner)", "tmpfs", "0", "begun"], "\(run)")
                    if let engine = backend.engine {
                        let details = try await supervisor.onlyContainer()
                        #expect(try details.encoded().contains(Self.value) == false)
                        let id = try #require(details["Id"].string)
                        #expect(!(try await engine.api.logs(id).all.text.contains(Self.value)))
                    }
                    // The attempt is over, so its files are gone from the host too.
                    for directory in [fixture.runtimeDirectory, fixture.secretsDirectory] {
                        #expect(FileManager.default.fileExists(atPath: directory))
                        #expect(try await Self.filesHolding(Self.value, below: directory).isEmpty)
                    }
                    let later = try await fixture.runScript("ls $ACODE_SECRETS_DIR | wc -l")
                    #expect(later.text.trimmingCharacters(in: .whitespacesAndNewlines) == "0")
                }
                #expect(!end.errorText.contains(Self.value) && !end.text.contains(Self.value))
                #expect(try await Self.filesHolding(Self.value, below: fixture.stateDirectory).isEmpty)
                let shown = try await fixture.acode("config", "show").succeeded()
                #expect(!shown.text.contains("env-\(Self.value)"))
            }
        }

        @Test("a secret that a task prints is masked in every log", arguments: Backend.all)
        func masked(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = ["secrets": ["token": ["env": "SECRET_OF_TEST"]]]
            try await AcodeFixture.with("masked-\(backend)", settings: settings) { fixture in
                var options = PoolOptions()
                options.environment = ["SECRET_OF_TEST": Self.value]
                try await fixture.withSupervisor(backend, options) { _ in
                    let run = try await fixture.runScript(
                        "echo before; cat $ACODE_SECRETS_DIR/token; echo; echo after", ["--secret", "token"])
                    #expect(!run.text.contains(Self.value), "\(run)")
                    #expect(run.text.hasPrefix("before\n") && run.text.hasSuffix("after\n"))
                    #expect(try await Self.filesHolding(Self.value, below: fixture.stateDirectory).isEmpty)
                }
            }
        }

        @Test(
            "a secret that a task spreads is masked everywhere, also where the engine keeps output",
            arguments: Backend.all)
        func spread(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = [
                "secrets": ["token": ["env": "SECRET_OF_TEST"]], "logs.level": "debug", "workers.recycle": "never",
            ]
            try await AcodeFixture.with("spread-\(backend)", settings: settings) { fixture in
                var options = PoolOptions()
                options.environment = ["SECRET_OF_TEST": Self.value]
                let end = try await fixture.withSupervisor(backend, options) { supervisor in
                    let run = try await fixture.runScript(
                        """
                        token=$(cat $ACODE_SECRETS_DIR/token)
                        echo "out $token"; echo "err $token" >&2
                        # In two writes, so that no single chunk holds it.
                        printf '%s' "${token%value}"; sleep 0.3; printf 'value\\n'
                        acode-agent progress 50 "with $token"
                        exec "/nowhere/$token"
                        """, ["--secret", "token", "--name", "spreader"])
                    #expect(!run.text.contains(Self.value) && !run.errorText.contains(Self.value), "\(run)")
                    #expect(run.lines == ["out [secret token]", "[secret token]"])
                    #expect(run.errorText.contains("err [secret token]"))
                    let id = try #require(try await fixture.task(named: "spreader")["id"].string)
                    for words in [["task", "show", id], ["task", "events", id], ["worker", "list"]] {
                        let shown = try await fixture.acode(words + ["--json"])
                        #expect(!shown.text.contains(Self.value), "\(words)")
                    }
                    if let engine = backend.engine {
                        let details = try await supervisor.onlyContainer()
                        #expect(try !details.encoded().contains(Self.value))
                        let logs = try await engine.api.logs(try #require(details["Id"].string))
                        #expect(logs.output.text.hasSuffix("out [secret token]\n[secret token]\n"), "\(logs.all.text)")
                        #expect(logs.error.text.contains("err [secret token]"))
                        let pid = try #require(details["State"]["Pid"].int)
                        for file in ["environ", "cmdline"] {
                            let text = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
                            #expect(!text.isEmpty && !String(decoding: text, as: UTF8.self).contains(Self.value))
                        }
                    }
                    // While the supervisor runs, so that the database's log is there too.
                    #expect(try await Self.filesHolding(Self.value, below: fixture.directory).isEmpty)
                    // The next task of the same worker finds nothing of it, in no place it can read. A local worker can read
                    // whatever its user can.
                    let others = "; cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'"
                    let next = try await fixture.runScript(
                        "ls -A $ACODE_SECRETS_DIR; env" + (backend.engine == nil ? "" : others))
                    #expect(!next.text.contains(Self.value) && !next.text.contains("token"), "\(next)")
                }
                #expect(!end.errorText.contains(Self.value) && !end.text.contains(Self.value))
            }
        }

        @Test("a secret stays masked when the supervisor is killed, and its file goes", arguments: Engine.all)
        func adopted(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "secrets": ["token": ["env": "SECRET_OF_TEST"]], "workers.recycle": "never", "logs.level": "debug",
            ]
            try await AcodeFixture.with("secret-adopted-\(engine)", settings: settings) { fixture in
                let shared = try fixture.openDirectory("shared")
                var options = PoolOptions()
                options.environment = [
                    "SECRET_OF_TEST": Self.value, "ACODE_QUEUE_LEASE": "6s", "ACODE_QUEUE_HEARTBEAT": "500ms",
                    "ACODE_QUEUE_SWEEP_INTERVAL": "500ms",
                    "ACODE_WORKERS_DOCKER_MOUNTS": "[{source: \(shared), target: /shared}]",
                ]
                func crash(_ supervisor: SupervisorProcess) async throws {
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                    #expect(try await !Self.filesHolding(Self.value, below: fixture.secretsDirectory).isEmpty)
                }
                var id = ""
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    id = try await fixture.submitScript(
                        """
                        token=$(cat $ACODE_SECRETS_DIR/token); echo begun; printf '%s' "${token%Zq8-value}"
                        until [ -e /shared/go ]; do sleep 0.05; done; echo "Zq8-value"; echo "all $token"; echo over
                        """, ["--secret", "token"])
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await crash(supervisor)
                }
                let mark = "98.\(UInt16.random(in: 1000...9999))"
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    try fixture.write("", to: "\(shared)/go")
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 1)
                    let log = try await fixture.acode("task", "logs", id).text
                    #expect(log == "begun\n[secret token]\nall [secret token]\nover\n")
                    #expect(try await Self.filesHolding(Self.value, below: fixture.secretsDirectory).isEmpty)
                    let container = try #require(try await supervisor.onlyContainer()["Id"].string)
                    #expect(!(try await engine.api.logs(container).all.text.contains(Self.value)))
                    // And once more, with nobody to take it over in time.
                    id = try await fixture.submitScript(
                        "[ $ACODE_ATTEMPT = 1 ] || exit 0; echo begun; sleep \(mark)", ["--secret", "token"])
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await crash(supervisor)
                }
                try await eventually("the command's end") { ProcessTable.mentioning("sleep\0\(mark)").isEmpty }
                let end = try await fixture.withSupervisor(.of(engine), options) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] != 1, "\(task)")
                    for directory in [fixture.directory, fixture.secretsDirectory] {
                        #expect(try await Self.filesHolding(Self.value, below: directory).isEmpty)
                    }
                }
                #expect(!end.errorText.contains(Self.value) && !end.text.contains(Self.value))
            }
        }

        /// Programs under which secrets are kept beside the workers, on a disk, as where `/dev/shm` is no memory. What is in this
        /// user's directory there already can still be reached.
        private static func elsewhere(_ fixture: AcodeFixture) throws -> [String] {
            let own = "/dev/shm/acode-\(getuid())"
            let script = """
                set -e
                mkdir -p '\(fixture.scratch)/own' '\(fixture.scratch)/shm'
                mount --bind \(own) '\(fixture.scratch)/own'
                mount --bind '\(fixture.scratch)/shm' /dev/shm
                mkdir -p -m 700 \(own)
                mount --bind '\(fixture.scratch)/own' \(own)
                umount '\(fixture.scratch)/own'
                exec "$@"
                """
            return ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh"]
        }

        @Test("where a worker has its secrets is where its next supervisor puts and finds them", arguments: Engine.all)
        func otherPlace(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["secrets": ["token": ["env": "SECRET_OF_TEST"]]]
            try await AcodeFixture.with("secret-place-\(engine)", settings: settings) { fixture in
                let shared = try fixture.openDirectory("shared")
                var options = PoolOptions()
                options.environment = [
                    "SECRET_OF_TEST": Self.value,
                    "ACODE_WORKERS_DOCKER_MOUNTS": "[{source: \(shared), target: /shared}]",
                ]
                /// Begins a task that holds the secret, and kills its supervisor.
                func begin(_ supervisor: SupervisorProcess, below directory: String) async throws -> String {
                    let id = try await fixture.submitScript(
                        "echo begun; until [ -e /shared/$ACODE_TASK_ID ]; do sleep 0.05; done; cat $ACODE_SECRETS_DIR/token",
                        ["--secret", "token"])
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                    #expect(try await !Self.filesHolding(Self.value, below: directory).isEmpty)
                    return id
                }
                /// Lets it end, and has the same worker run another.
                func finish(_ id: String, _ supervisor: SupervisorProcess) async throws {
                    let before = try await supervisor.onlyContainer()["Id"]
                    try fixture.write("", to: "\(shared)/\(id)")
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 1)
                    #expect(try await fixture.acode("task", "logs", id).text == "begun\n[secret token]")
                    let next = try await fixture.runScript("wc -c < $ACODE_SECRETS_DIR/token", ["--secret", "token"])
                    #expect(next.text == "\(Self.value.utf8.count)\n", "\(next)")
                    #expect(try await supervisor.onlyContainer()["Id"] == before)
                    for place in [fixture.directory, fixture.secretsDirectory] {
                        #expect(try await Self.filesHolding(Self.value, below: place).isEmpty, "\(place)")
                    }
                }
                var id = ""
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    id = try await begin(supervisor, below: fixture.secretsDirectory)
                }
                // Nobody's: it is looked for where secrets were, too.
                let left = "\(fixture.secretsDirectory)/\(fixture.pool)/leaked"
                try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
                try fixture.write("a secret", to: "\(left)/token")
                options.wrapper = try Self.elsewhere(fixture)
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    try await finish(id, supervisor)
                    try await eventually("what was left to be removed") {
                        !FileManager.default.fileExists(atPath: left)
                    }
                    try await fixture.acode("worker", "restart", "--all").succeeded()
                    id = try await begin(supervisor, below: fixture.runtimeDirectory)
                }
                #expect(!FileManager.default.fileExists(atPath: fixture.secretsDirectory))
                options.wrapper = []
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    try await finish(id, supervisor)
                }
            }
        }

        @Test("an unknown secret fails the task with its name", arguments: Backend.all)
        func unknown(_ backend: Backend) async throws {
            try await AcodeFixture.with("secret-unknown-\(backend)") { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let run = try await fixture.submitAndWait(["--secret", "nobody-knows"], ["true"])
                    #expect(run.code == 1)
                    #expect(run.errorText.contains("nobody-knows"))
                }
            }
        }
    }
}
