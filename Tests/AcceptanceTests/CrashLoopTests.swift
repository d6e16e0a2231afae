import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-028…030: a worker that keeps dying is tried again with growing waits, so many times in a window, and then the
    /// pool says that it is crash-looping and why, until somebody restarts it.
    @Suite("Crash loops", .timeLimit(.minutes(5)))
    struct CrashLoops {
        /// Two restarts in ten minutes, quickly.
        private static let settings: [String: JSONValue] = [
            "workers.docker.restart": ["maxRestarts": 2, "backoff": "100ms", "maxBackoff": "200ms", "window": "10m"]
        ]

        private static func kill(_ supervisor: SupervisorProcess, _ engine: Engine, _ known: inout Set<String>)
            async throws
        {
            let seen = known
            let id: String = try await eventually("a worker that is ready", within: .seconds(40)) {
                let worker = try await supervisor.workers().first { $0["status"] == "idle" }
                let id = worker?["containerID"].string
                return id.map { seen.contains($0) } ?? true ? nil : id
            }
            known.insert(id)
            try await engine.api.remove(id)
        }

        @Test("the pool's own worker keeps dying: reason everywhere, tasks wait, restart resets", arguments: Engine.all)
        func ownWorker(_ engine: Engine) async throws {
            try await AcodeFixture.with("crash-loop-\(engine)", settings: Self.settings) { fixture in
                var options = PoolOptions()
                let port = Loopback.freePort()
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    var known: Set<String> = []
                    for _ in 1...3 { try await Self.kill(supervisor, engine, &known) }
                    let worker: JSONValue = try await eventually("crashLooping", within: .seconds(30)) {
                        try await supervisor.workers().first { $0["status"] == "crashLooping" }
                    }
                    #expect(worker["reason"].string?.contains("keep failing (3 times within 10m)") == true, "\(worker)")
                    #expect(worker["reason"].string?.contains("its container") == true, "\(worker)")
                    #expect(worker["retryAt"].string != nil)
                    let id = try #require(worker["id"].string)
                    #expect(try await fixture.acode("worker", "show", id).text.contains("crashLooping"))
                    #expect(try await fixture.acode("worker", "list").text.contains("keep failing"))
                    #expect(try await supervisor.containers().isEmpty)
                    let ready = try await fixture.http(port, "/readyz")
                    #expect(ready.status == 503)
                    #expect(ready.text.contains("crashLooping") && ready.text.contains("its container"))
                    #expect(try await fixture.http(port, "/metrics").text.contains("acode_crash_looping_profiles 1"))
                    let lines = supervisor.process.errorText.split(separator: "\n").filter {
                        $0.contains("keep failing")
                    }
                    #expect(lines.count == 1, "\(lines)")

                    let first = try await fixture.submitScript("echo done")
                    let second = try await fixture.submitScript("echo done")
                    for task in [first, second] {
                        try await eventually("the reason in task show") {
                            try await fixture.acode("task", "show", task).text.contains("keep failing")
                        }
                    }
                    try await fixture.acode("worker", "restart", id).succeeded()
                    for task in [first, second] { try await fixture.waitFor(task, state: "complete") }
                    #expect(try await fixture.task(first)["attempt"] == 1)
                    #expect(try await fixture.http(port, "/readyz").status == 200)
                }
            }
        }

        @Test("a task's own image keeps failing: the task ends with the reason", arguments: Engine.all)
        func imageOfATask(_ engine: Engine) async throws {
            // The engine takes the configuration, and the container can't start: its work directory is a file.
            var settings = Self.settings
            settings["workers.docker.workdir"] = "/bin/busybox"
            settings["workers.docker.restart"] = [
                "maxRestarts": 1, "backoff": "100ms", "maxBackoff": "200ms", "window": "10m",
            ]
            try await AcodeFixture.with("task-crash-loop-\(engine)", settings: settings) { fixture in
                var options = PoolOptions()
                options.image = TestImage.noShell
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    for name in ["first", "second"] {
                        let run = try await fixture.submitAndWait(
                            ["--image", TestImage.busybox, "--name", name], ["true"])
                        #expect(run.code == 1)
                        let task = try await fixture.task(named: name)
                        #expect(task["outcome"] == "worker_unavailable")
                        #expect(task["attempt"] == 1)
                    }
                    let reason = try await fixture.task(named: "second")["reason"].string ?? ""
                    #expect(reason.contains("keep failing"), "\(reason)")
                    // FR-017: the runtime's own words.
                    #expect(reason.contains("not a directory"), "\(reason)")
                    #expect(try await fixture.submitAndWait([], ["/noshell", "fine", "0"]).text == "fine\n")
                    #expect(!supervisor.process.hasEnded)
                }
            }
        }
    }

    /// `worker restart`.
    @Suite("Worker restart", .timeLimit(.minutes(3)))
    struct WorkerRestarts {
        @Test("a restart waits for the task, `--force` doesn't, `--all` is all", arguments: Engine.all)
        func restart(_ engine: Engine) async throws {
            try await AcodeFixture.with("restart-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let task = try await fixture.submitScript("echo begun; sleep 2; echo ended")
                    try await fixture.waitFor(task, toPrint: "begun")
                    let before = try #require(try await supervisor.workers().first?["id"].string)
                    #expect(try await fixture.acode("worker", "restart", before).succeeded().lines == [before])
                    #expect(try await fixture.waitFor(task, state: "complete")["attempt"] == 1)
                    let after: String = try await eventually("a fresh worker") {
                        let workers = try await supervisor.workers().filter { $0["status"] == "idle" }
                        return workers.first?["id"].string.flatMap { $0 == before ? nil : $0 }
                    }
                    let long = try await fixture.submitScript(
                        "echo begun $ACODE_ATTEMPT; [ $ACODE_ATTEMPT = 2 ] || sleep 600")
                    try await fixture.waitFor(long, toPrint: "begun 1")
                    #expect(
                        try await fixture.acode("worker", "restart", "--all", "--force").succeeded().lines == [after])
                    #expect(try await fixture.waitFor(long, state: "complete")["attempt"] == 2)
                    for arguments in [[], ["--all", after]] {
                        #expect(try await fixture.acode(["worker", "restart"] + arguments).code == 64)
                    }
                    #expect(try await fixture.acode("worker", "restart", "nobody").code == 1)
                }
            }
        }
    }
}
