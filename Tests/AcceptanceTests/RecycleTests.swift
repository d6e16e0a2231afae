import TestSupport
import Testing

extension Acceptance {
    /// When a worker is replaced after a task, and that nobody waits for it.
    @Suite("Recycling", .timeLimit(.minutes(5)))
    struct Recycling {
        /// What the workers of five tasks, of which the second fails, have in common: the same letter is the same worker.
        @Test(
            "the policy says which tasks share a container", arguments: Engine.all,
            [("never", "AAAAA"), ("onFailure", "AABBB"), ("always", "ABCDE"), ("afterTasks: 2", "AABBC")])
        func policies(_ engine: Engine, _ policy: (name: String, pattern: String)) async throws {
            try await AcodeFixture.with(
                "recycle-\(engine)-\(policy.name)", settings: ["workers.recycle": .string(policy.name)]
            ) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    // FR-030: a container whose agent dies is started again by its engine, unless each is for one task.
                    let container = try #require(try await supervisor.containers().first?["Id"].string)
                    let restarts = try await engine.api.inspect(container)["HostConfig"]["RestartPolicy"]
                    if policy.name == "always" {
                        #expect(["", "no"].contains(restarts["Name"].string), "\(restarts)")
                    } else {
                        #expect(restarts["Name"] == "on-failure" && restarts["MaximumRetryCount"] == 3, "\(restarts)")
                    }
                    var workers: [String] = []
                    for number in 1...5 {
                        let run = try await fixture.runScript("exit \(number == 2 ? 3 : 0)", ["--name", "t\(number)"])
                        #expect(run.code == (number == 2 ? 3 : 0))
                        workers.append(try #require(try await fixture.task(named: "t\(number)")["worker"].string))
                    }
                    var names: [String: Character] = [:]
                    let pattern = workers.map { worker -> Character in
                        let next = Character(UnicodeScalar(UInt8(65 + names.count)))
                        names[worker] = names[worker] ?? next
                        return names[worker] ?? next
                    }
                    #expect(String(pattern) == policy.pattern)
                    try await eventually("what was replaced to be gone", within: .seconds(30)) {
                        let ready = try await supervisor.workers().count { $0["status"] == "idle" }
                        return try await supervisor.containers().count == ready
                    }
                }
            }
        }

        @Test("with `always` a spare is ready beside the worker, and takes the next task", arguments: Engine.all)
        func spares(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.recycle": "always", "workers.spares": 2]
            try await AcodeFixture.with("spares-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    try await supervisor.waitForWorkers(3)
                    let ready = Set(try await supervisor.workers().compactMap { $0["id"].string })
                    #expect(ready.count == 3)
                    // All at once: one runs after the other, each in a container that was there before.
                    let tasks = try await withThrowingTaskGroup(of: String.self) { group in
                        for _ in 1...3 {
                            group.addTask { try await fixture.submitScript("echo $ACODE_WORKER_ID; sleep 0.3") }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    var used: Set<String> = []
                    for task in tasks {
                        used.insert(try await fixture.waitFor(task, state: "complete")["worker"].string ?? "none")
                    }
                    #expect(used == ready)
                    try await supervisor.waitForWorkers(3)
                }
            }
        }
    }

    /// A pool whose size changes.
    @Suite("Pool size", .timeLimit(.minutes(5)))
    struct PoolSize {
        @Test("from nothing to the most under load, and back to nothing", arguments: Engine.all)
        func autoscale(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.autoscale": ["min": 0, "max": 3, "targetQueueLength": 2, "idleTimeout": "4s"]
            ]
            try await AcodeFixture.with("autoscale-\(engine)", settings: settings) { fixture in
                let port = Loopback.freePort()
                var options = PoolOptions()
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                options.waitsForWorkers = false
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    try await eventually("readiness without a worker") {
                        (try? await fixture.http(port, "/readyz").status) == 200
                    }
                    #expect(try await supervisor.containers().isEmpty)
                    // One task needs one worker, at once.
                    #expect(try await fixture.runScript("echo awake", within: .seconds(20)).text == "awake\n")
                    #expect(try await supervisor.containers().count == 1)
                    var tasks: [String] = []
                    for _ in 1...8 { tasks.append(try await fixture.submitScript("sleep 3")) }
                    try await eventually("three busy workers", within: .seconds(30)) {
                        try await supervisor.workers().count { $0["status"] == "busy" } == 3
                    }
                    #expect(try await supervisor.containers().count <= 3)
                    let refused = try await fixture.acode("worker", "scale", "2")
                    #expect(refused.code == 1 && refused.errorText.contains("follows its queues"), "\(refused)")
                    for task in tasks { try await fixture.waitFor(task, state: "complete", within: .seconds(60)) }
                    try await eventually("no container", within: .seconds(40)) {
                        try await supervisor.containers().isEmpty
                    }
                    let metrics = try await fixture.http(port, "/metrics").text
                    #expect(metrics.contains(#"acode_pool_scalings_total{direction="up"}"#))
                    #expect(metrics.contains(#"acode_pool_scalings_total{direction="down"}"#))
                    #expect(metrics.contains("acode_pool_target 0"))
                    #expect(supervisor.process.errorText.contains("pool scaled"))
                }
            }
        }

        @Test("tasks that can't run here need no workers here", arguments: Backend.all)
        func foreignTasks(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = [
                "workers.autoscale": ["min": 0, "max": 3, "targetQueueLength": 1], "queue.queues": ["here"],
            ]
            try await AcodeFixture.with("foreign-tasks-\(backend)", settings: settings) { fixture in
                var options = PoolOptions()
                options.waitsForWorkers = false
                try await fixture.withSupervisor(backend, options) { supervisor in
                    for _ in 1...4 {
                        _ = try await fixture.submit(["--queue", "there"], ["true"])
                        guard backend == .local else { continue }
                        _ = try await fixture.submit(["--queue", "here", "--isolation", "container"], ["true"])
                    }
                    let run = try await fixture.runScript("echo ran", ["--queue", "here"])
                    #expect(run.text == "ran\n", "\(run)")
                    #expect(try await supervisor.workers().count == 1)
                    let scalings = supervisor.process.errorText.split(separator: "\n").filter {
                        $0.contains("pool scaled")
                    }
                    #expect(scalings.count == 1 && scalings[0].contains(#""tasks_waiting":"1""#), "\(scalings)")
                    let left = try await fixture.tasks().count { $0["state"] == "enqueued" }
                    #expect(left == (backend == .local ? 8 : 4))
                }
            }
        }

        @Test("`worker scale` grows and shrinks a pool, down to nothing", arguments: Engine.all)
        func byHand(_ engine: Engine) async throws {
            try await AcodeFixture.with("scale-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    try await fixture.acode("worker", "scale", "3").succeeded()
                    try await supervisor.waitForWorkers(3)
                    let busy = try await fixture.submitScript("echo begun; sleep 3; echo ended")
                    try await fixture.waitFor(busy, toPrint: "begun")
                    try await fixture.acode("worker", "scale", "0").succeeded()
                    #expect(try await fixture.waitFor(busy, state: "complete")["attempt"] == 1)
                    try await eventually("no container") { try await supervisor.containers().isEmpty }
                    let waiting = try await fixture.submitScript("echo late")
                    try await fixture.acode("worker", "scale", "1").succeeded()
                    try await fixture.waitFor(waiting, state: "complete")
                    #expect(try await supervisor.containers().count == 1)
                    #expect(try await fixture.acode("worker", "scale", "257").code == 64)
                }
            }
        }
    }
}
