import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Q-6, Q-7, O-2: task types, rules of routing, roles.
    @Suite("Routing", .timeLimit(.minutes(3)))
    struct Routing {
        /// A type that shows what reached its command, rules by size and by label, and who consumes what.
        private static let settings: [String: JSONValue] = {
            let text = #"""
                {
                  "handlers": {
                    "create_cog": {
                      "parameters": {
                        "source": {"type": "string", "required": true}, "file_size_mb": {"type": "number", "min": 0},
                        "format": {"type": "string", "enum": ["cog", "zarr"], "default": "cog"}
                      },
                      "command": [
                        "sh", "-c",
                        "echo \"$#:$1:$2\"; env | grep -E '^ACODE_(PARAM|TASK_TYPE)' | sort; cat $ACODE_TASK_FILE",
                        "sh", "--", "{{source}}", "--format={{format}}"
                      ],
                      "name": "cog of {{source}}", "timeout": "20s",
                      "retry": {"maxAttempts": 5, "rules": [{"output": "no such band", "then": "fatal"}]}
                    },
                    "broken": {
                      "command": ["sh", "-c", "echo no such band; exit 1"],
                      "retry": {"maxAttempts": 5, "rules": [{"output": "no such band", "then": "fatal"}]}
                    }
                  },
                  "routing": [
                    {"type": "create_cog", "params": {"file_size_mb": {"above": 500}}, "queue": "heavy"},
                    {"label": "heavy", "queue": "heavy"}, {"queue": "light"}
                  ],
                  "roles": {
                    "heavy": {"queues": ["heavy"], "orchestrate": false, "http": false}, "light": {"queues": ["light"]},
                    "keeper": {"queues": "none", "http": true}, "idle": {"queues": "none", "orchestrate": false}
                  },
                  "queue.declared": ["heavy", "light", "nobody"], "logs.format": "json",
                  "queue.pollInterval": "100ms", "queue.sweepInterval": "100ms"
                }
                """#
            return (try? JSONValue(parsing: text.utf8).members) ?? [:]
        }()

        private static func submit(_ fixture: AcodeFixture, _ options: [String]) async throws -> String {
            let answer = try await fixture.acode(["task", "submit", "-q"] + options).succeeded()
            return try #require(answer.lines.first)
        }

        @Test("tasks find their way by size, flag and type to the supervisor that is there for them")
        func bySize() async throws {
            try await AcodeFixture.with(settings: Self.settings) { fixture in
                var heavy = PoolOptions()
                (heavy.pool, heavy.environment) = (
                    "\(fixture.pool)-h", ["ACODE_ROLE": "heavy", "ACODE_APP_NAME": "worker-01"]
                )
                let port = Loopback.freePort()
                var light = PoolOptions()
                (light.pool, light.flags) = ("\(fixture.pool)-l", ["--role", "light", "--listen", "127.0.0.1:\(port)"])
                try await fixture.withSupervisor(.local, heavy) { heavy in
                    try await fixture.withSupervisor(.local, light) { light in
                        let nasty = "a b'; touch \(fixture.scratch)/pwned; {{format}}"
                        let big = try await Self.submit(
                            fixture,
                            ["--type", "create_cog", "--param", "source=\(nasty)", "--param", "file_size_mb=900"])
                        let values = try fixture.file("params.json", #"{"source": "s", "file_size_mb": 12.5}"#)
                        let small = try await Self.submit(
                            fixture, ["--type", "create_cog", "--params-file", values, "--param", "format=zarr"])
                        let flagged = try await Self.submit(fixture, ["--label", "heavy", "--", "true"])
                        let file = try fixture.file(
                            "tasks.yaml",
                            """
                            tasks:
                              - {type: create_cog, params: {source: f, file_size_mb: 501}, name: from-file}
                              - {command: ["true"], name: plain}
                              - {type: broken}
                            """)
                        try await fixture.acode("task", "submit", "--file", file).succeeded()
                        for id in [big, small, flagged] { try await fixture.waitFor(id, state: "complete") }
                        try await eventually("the file's tasks to end") {
                            try await fixture.tasks().allSatisfy { $0["state"] == "complete" || $0["state"] == "error" }
                        }
                        let tasks = try await fixture.tasks()
                        let heavyWorkers = try await heavy.workers().compactMap { $0["id"].string }
                        for task in tasks where task["type"] != "broken" {
                            let isHeavy = [big, flagged].contains(task["id"].string) || task["name"] == "from-file"
                            #expect(task["queue"] == (isHeavy ? "heavy" : "light"), "\(task)")
                            #expect(heavyWorkers.contains(task["worker"].string ?? "") == isHeavy, "\(task)")
                        }

                        let printed = try await fixture.acode("task", "logs", big).text
                        let lines = printed.split(separator: "\n").map(String.init)
                        #expect(
                            lines.prefix(5) == [
                                "3:--:\(nasty)", "ACODE_PARAM_FILE_SIZE_MB=900", "ACODE_PARAM_FORMAT=cog",
                                "ACODE_PARAM_SOURCE=\(nasty)", "ACODE_TASK_TYPE=create_cog",
                            ], "\(printed)")
                        let document = try JSONValue(parsing: lines.dropFirst(5).joined(separator: "\n").utf8)
                        #expect(document["type"] == "create_cog" && document["params"]["file_size_mb"] == 900)
                        #expect(!FileManager.default.fileExists(atPath: "\(fixture.scratch)/pwned"))

                        let shown = try await fixture.task(small)
                        #expect(shown["type"] == "create_cog" && shown["name"] == "cog of s", "\(shown)")
                        #expect(shown["params"]["file_size_mb"] == 12.5 && shown["params"]["format"] == "zarr")
                        #expect(shown["spec"]["timeout"] == 20 && shown["spec"]["retry"]["maxAttempts"] == 5)
                        let page = try await fixture.acode("task", "show", small).succeeded().text
                        #expect(page.contains("file_size_mb=12.5 format=zarr source=s"), "\(page)")
                        let events = try await fixture.json("task", "events", small).elements
                        #expect(!events.isEmpty && events.allSatisfy { $0["taskType"] == "create_cog" }, "\(events)")
                        let listed = try await fixture.json("task", "list", "--type", "create_cog").elements
                        #expect(listed.count == 3 && listed.allSatisfy { $0["type"] == "create_cog" }, "\(listed)")
                        let broken = try await fixture.json("task", "list", "--type", "broken").elements
                        #expect(broken.map { $0["attempt"] } == [1] && broken[0]["state"] == "error", "\(broken)")

                        let metrics = try await fixture.http(port, "/metrics").text
                        #expect(
                            metrics.contains(
                                #"acode_tasks_completed_total{outcome="succeeded",task_type="create_cog"} 1"#))
                        #expect(metrics.contains(#"acode_tasks_completed_total{outcome="succeeded"} 1"#), "\(metrics)")
                        #expect(light.process.errorText.contains(#""task_type":"create_cog""#))
                        let log = heavy.process.errorText
                        #expect(log.contains(#""role":"heavy""#) && log.contains(#""app_name":"worker-01""#), "\(log)")
                    }
                }
            }
        }

        /// A type that says all that a task can need, with an image that the pool has not.
        private static let declared: [String: JSONValue] = {
            let text = #"""
                {
                  "handlers": {
                    "pack": {
                      "parameters": {"name": {"type": "string", "required": true}},
                      "command": [
                        "sh", "-c",
                        "echo for $ACODE_PARAM_NAME; [ $ACODE_ATTEMPT = 2 ] || exit 9; sleep 60"
                      ],
                      "image": "IMAGE", "queue": "packing", "timeout": "2s",
                      "resources": {"memoryMb": 64, "cpus": 0.5, "pidsLimit": 40},
                      "outputs": ["{{name}}.txt"],
                      "retry": {"maxAttempts": 2, "backoff": "100ms", "rules": [{"outcome": "timed_out", "then": "fatal"}]}
                    },
                    "made": {
                      "parameters": {"name": {"type": "string", "required": true}}, "queue": "packing",
                      "command": ["sh", "-c", "echo made > $ACODE_OUTPUT_DIR/$ACODE_PARAM_NAME.txt"],
                      "outputs": ["{{name}}.txt"]
                    }
                  }
                }
                """#
            return (try? JSONValue(parsing: text.replacing("IMAGE", with: TestImage.root).utf8).members) ?? [:]
        }()

        @Test("a declared type brings its image, limits, queue, outputs, retries and time-out", arguments: Engine.all)
        func declaredInFull(_ engine: Engine) async throws {
            let settings = Self.declared.merging(["queue.queues": ["packing"]]) { $1 }
            try await AcodeFixture.with("type-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let id = try await Self.submit(fixture, ["--type", "pack", "--param", "name=a"])
                    try await eventually("the second attempt", within: .seconds(30)) {
                        try await fixture.task(id)["attempt"] == 2
                    }
                    let ended = try await fixture.waitFor(id, state: "error", within: .seconds(30))
                    #expect(ended["queue"] == "packing" && ended["outcome"] == "timed_out", "\(ended)")
                    #expect(ended["attempts"].elements.map { $0["outcome"] } == ["failed", "timed_out"], "\(ended)")
                    #expect(ended["spec"]["image"].string == TestImage.root, "\(ended)")
                    let limits = ended["attempts"][0]["report"]["limits"]
                    #expect(limits["memoryBytes"] == 64 << 20 && limits["processes"] == 40, "\(ended)")
                    #expect(limits["cpus"] == 0.5 && limits["wallSeconds"] == 2, "\(ended)")
                    #expect(try await fixture.acode("task", "logs", id).text.hasSuffix("for a\n"))
                    let made = try await Self.submit(fixture, ["--type", "made", "--param", "name=b"])
                    try await fixture.waitFor(made, state: "complete")
                    let output = "\(fixture.stateDirectory)/outputs/\(made)/b.txt"
                    #expect(try String(contentsOfFile: output, encoding: .utf8) == "made\n")
                    #expect(try await fixture.task(made)["queue"] == "packing")
                }
            }
        }

        @Test("a route is explained without submitting anything, and a named queue wins")
        func explained() async throws {
            try await AcodeFixture.with(settings: Self.settings) { fixture in
                let cog = ["--type", "create_cog", "--param", "source=s"]
                let words = try await fixture.acode(["queue", "route"] + cog + ["--param", "file_size_mb=12"])
                    .succeeded()
                #expect(
                    words.lines == [
                        "light: rule 3 takes it",
                        "  rule 1: type create_cog and file_size_mb above 500 -> heavy: no, file_size_mb is 12",
                        "  rule 2: label heavy -> heavy: no, it has no label heavy", "  rule 3: anything -> light: yes",
                    ], "\(words)")
                let json = try await fixture.acode(
                    ["queue", "route", "--json"] + cog + ["--param", "file_size_mb=501"]
                ).json()
                #expect(json["queue"] == "heavy" && json["rule"] == 1 && json["rules"][0]["fits"] == true, "\(json)")
                let named = try await fixture.acode(
                    ["queue", "route", "--queue", "nobody", "--json", "--label", "heavy"]
                ).json()
                #expect(named["queue"] == "nobody" && named["rule"] == .null, "\(named)")
                let id = try await Self.submit(fixture, ["--queue", "nobody", "--label", "heavy", "--", "true"])
                #expect(try await fixture.task(id)["queue"] == "nobody")
                #expect(try await fixture.tasks().count == 1)
            }
        }

        @Test("a stored task stays what it was made of, whatever the configuration says later")
        func drift() async throws {
            try await AcodeFixture.with(settings: Self.settings) { fixture in
                let id = try await Self.submit(fixture, ["--type", "create_cog", "--param", "source=s"])
                try fixture.write(#"{"logs": {"format": "json"}}"#, to: fixture.configuration)
                try await fixture.withSupervisor(.local) { _ in
                    try await fixture.waitFor(id, state: "complete")
                    #expect(try await fixture.acode("task", "logs", id).text.contains("ACODE_TASK_TYPE=create_cog"))
                }
            }
        }

        @Test("mistakes name the type, the parameter, what is expected and the nearest name, all at once")
        func mistakes() async throws {
            try await AcodeFixture.with(settings: Self.settings) { fixture in
                let submit = ["task", "submit", "--type"]
                let wrong = try await fixture.acode(
                    submit + [
                        "create_cog", "--param", "file_size=1", "--param", "file_size_mb=big", "--param", "format=cgo",
                    ])
                #expect(wrong.code == 64)
                #expect(
                    wrong.errorText == """
                        acode: --param file_size: the type create_cog has no parameter file_size (did you mean file_size_mb?)
                        acode: --param file_size_mb: create_cog: expected a number of at least 0, found "big"
                        acode: --param format: create_cog: expected one of cog, zarr, found "cgo" (did you mean cog?)
                        acode: --param source: create_cog: is missing; expected text

                        """, "\(wrong)")
                let unknown = try await fixture.acode(submit + ["create_cogs"])
                #expect(unknown.code == 64 && unknown.errorText.contains("did you mean create_cog?"), "\(unknown)")
                let queue = try await fixture.acode("task", "submit", "--queue", "hevy", "--", "true")
                #expect(queue.code == 64 && queue.errorText.contains("no queue hevy (did you mean heavy?)"), "\(queue)")
                let named = try await fixture.acode("queue", "route", "--queue", "bad name!")
                #expect(named.code == 64 && named.errorText.contains("expected the name of a queue"), "\(named)")
                let file = try fixture.file(
                    "tasks.yaml", "tasks:\n  - type: create_cog\n    params: {source: 1, siz: 2}\n")
                let inFile = try await fixture.acode("task", "submit", "--file", file)
                #expect(
                    inFile.code == 78 && inFile.errorText.contains("tasks.yaml:3:25: tasks[0].params.siz"), "\(inFile)")
                #expect(try await fixture.acode("task", "submit", "--param", "a=b", "--", "true").code == 64)
                #expect(try await fixture.acode(submit + ["create_cog", "--", "true"]).code == 64)
                #expect(try await fixture.tasks().isEmpty)
            }
        }

        @Test("an impossible role is refused at the start and by config validate, in a clear sentence")
        func refused() async throws {
            try await AcodeFixture.with(settings: Self.settings) { fixture in
                for (role, words) in [
                    ("keeper", "the role keeper serves HTTP, and http.listen does not say where"),
                    ("idle", "the role idle has nothing to do"),
                    ("ligth", "there is no role ligth (did you mean light?)"),
                ] {
                    let start = try await fixture.acode("worker", "start", "--mode", "local", "--role", role)
                    #expect(start.code == 78 && start.errorText.contains(words), "\(start)")
                    let check = try await fixture.acode(["config", "validate"], environment: ["ACODE_ROLE": role])
                    #expect(check.code == 78 && check.text.contains(words), "\(check)")
                }
                let other = try await fixture.acode(
                    "worker", "start", "--mode", "local", "--role", "heavy", "--queue", "light")
                #expect(
                    other.code == 78 && other.errorText.contains("heavy does not consume the queue light"), "\(other)")
                try await fixture.acode("config", "validate").succeeded()
            }
        }

        @Test("a role that does not orchestrate sweeps nothing; one that only orchestrates does, without workers")
        func orchestration() async throws {
            try await AcodeFixture.with(settings: Self.settings) { fixture in
                let late = try await Self.submit(fixture, ["--queue", "nobody", "--ttl", "50ms", "--", "true"])
                var heavy = PoolOptions()
                heavy.flags = ["--role", "heavy"]
                try await fixture.withSupervisor(.local, heavy) { _ in
                    // Many times as long as a sweep takes to come round.
                    try await fixture.runScript("sleep 1", ["--queue", "heavy"]).succeeded()
                    #expect(try await fixture.task(late)["state"] == "enqueued")
                }
                let port = Loopback.freePort()
                var keeper = PoolOptions()
                keeper.flags = ["--role", "keeper", "--listen", "127.0.0.1:\(port)"]
                keeper.waitsForWorkers = false
                try await fixture.withSupervisor(.local, keeper) { keeper in
                    let expired = try await fixture.waitFor(late, state: "error")
                    #expect(expired["outcome"] == "expired", "\(expired)")
                    let waiting = try await fixture.submitScript("true", ["--queue", "heavy"])
                    #expect(try await fixture.http(port, "/readyz").status == 200)
                    #expect(try await keeper.workers().isEmpty)
                    let scaled = try await fixture.acode("worker", "scale", "2")
                    #expect(scaled.code != 0 && scaled.errorText.contains("consumes no queue"), "\(scaled)")
                    #expect(try await fixture.task(waiting)["state"] == "enqueued")
                }
            }
        }
    }
}
