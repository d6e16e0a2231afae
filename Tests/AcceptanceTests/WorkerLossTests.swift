import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-028…030, design decision 8: workers that die under a task.
    @Suite("Worker loss", .timeLimit(.minutes(5)))
    struct WorkerLoss {
        /// How a container comes to harm behind the product's back.
        enum Harm: String, CaseIterable {
            case agentKilled = "its agent is killed"
            case containerKilled = "it is killed"
            case containerRemoved = "it is removed"
            case containerStopped = "it is stopped"
            case containerStoppedPolitely = "it is stopped, and the command says 0 half done"
        }

        private static func settings(_ shared: String) -> [String: JSONValue] {
            ["workers.docker.mounts": [["source": .string(shared), "target": "/shared"]]]
        }

        /// Notes each run, waits in the first one, ends at once in every later one.
        private static func script(_ directory: String, _ harm: Harm? = nil) -> String {
            "echo run >> \(directory)/runs; "
                + (harm == .containerStoppedPolitely ? "trap 'exit 0' TERM; " : "") + "echo begun; "
                + "[ $(wc -l < \(directory)/runs) -ge 2 ] && echo finished && exit 0; "
                + (harm == .containerStoppedPolitely ? "sleep 600 & wait" : "sleep 600")
        }

        private static func runs(_ directory: String) -> Int {
            ((try? String(contentsOfFile: "\(directory)/runs", encoding: .utf8)) ?? "").split(separator: "\n").count
        }

        @Test("a task whose container is lost runs again and finishes once", arguments: Engine.all, Harm.allCases)
        func lostUnderATask(_ engine: Engine, _ harm: Harm) async throws {
            let shared = "/tmp/acode-shared-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: shared)
            defer { try? FileManager.default.removeItem(atPath: shared) }
            try await AcodeFixture.with("loss-\(engine)-\(harm)", settings: Self.settings(shared)) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let id = try await fixture.submitScript(Self.script("/shared", harm))
                    try await fixture.waitFor(id, toPrint: "begun")
                    let before = try await supervisor.onlyContainer()
                    let container = try #require(before["Id"].string)
                    switch harm {
                    case .agentKilled: kill(Int32(try #require(before["State"]["Pid"].int)), SIGKILL)
                    case .containerKilled: try await engine.api.kill(container)
                    case .containerRemoved: try await engine.api.remove(container)
                    case .containerStopped: _ = try await engine.api.call("POST", "/containers/\(container)/stop?t=1")
                    case .containerStoppedPolitely:
                        _ = try await engine.api.call("POST", "/containers/\(container)/stop?t=5")
                    }
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 2)
                    #expect(Self.runs(shared) == 2)
                    let first = task["attempts"].elements.first { $0["attempt"] == 1 } ?? .null
                    #expect(first["outcome"] == "worker_lost", "\(first)")
                    #expect(first["reason"].string?.isEmpty == false)
                    #expect(try await supervisor.workers().count == 1)
                    let after = try await supervisor.onlyContainer()["Id"].string
                    #expect(after != nil)
                }
            }
        }

        @Test("an idle worker that is lost is replaced", arguments: Engine.all)
        func lostWhileIdle(_ engine: Engine) async throws {
            try await AcodeFixture.with("idle-loss-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 2)) { supervisor in
                    let lost = try #require(try await supervisor.containers().first?["Id"].string)
                    try await engine.api.remove(lost)
                    try await eventually("another container") {
                        let ids = try await supervisor.containers().map { $0["Id"].string }
                        return ids.count == 2 && !ids.contains(lost)
                    }
                    try await supervisor.waitForWorkers(2)
                    #expect(try await fixture.runScript("echo fine").text == "fine\n")
                }
            }
        }

        @Test("a task that kills every worker it meets ends as a dead letter", arguments: Engine.all)
        func poison(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "queue.maxDeliveries": 2, "workers.docker.restart.backoff": "100ms",
            ]
            try await AcodeFixture.with("poison-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let id = try await fixture.submitScript("echo attempt $ACODE_ATTEMPT; sleep 600")
                    for attempt in 1...2 {
                        try await eventually("attempt \(attempt) to print") {
                            try await fixture.acode("task", "logs", id).text.contains("attempt \(attempt)\n")
                        }
                        try await engine.api.kill(try #require(try await supervisor.onlyContainer()["Id"].string))
                    }
                    let task = try await fixture.waitFor(id, state: "error")
                    #expect(task["attempt"] == 2)
                    #expect(task["outcome"] == "worker_lost")
                }
            }
        }

        @Test("a local worker whose agent is killed: the task runs again", arguments: [Backend.local])
        func localAgentKilled(_ backend: Backend) async throws {
            try await AcodeFixture.with { fixture in
                let shared = try fixture.openDirectory("shared")
                try await fixture.withSupervisor(backend) { _ in
                    let id = try await fixture.submitScript(Self.script(shared))
                    try await fixture.waitFor(id, toPrint: "begun")
                    let agents = ProcessTable.mentioning(fixture.runtimeDirectory).filter {
                        ProcessTable.arguments($0).first?.hasSuffix("acode-agent") == true
                    }
                    #expect(agents.count == 1)
                    for agent in agents { kill(agent, SIGKILL) }
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 2)
                    #expect(Self.runs(shared) == 2)
                }
            }
        }

        @Test("a worker that is frozen for longer than the heartbeats last is replaced", arguments: Engine.all)
        func hung(_ engine: Engine) async throws {
            let shared = "/tmp/acode-shared-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: shared)
            defer { try? FileManager.default.removeItem(atPath: shared) }
            try await AcodeFixture.with("hung-\(engine)", settings: Self.settings(shared)) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let id = try await fixture.submitScript(Self.script("/shared"))
                    try await fixture.waitFor(id, toPrint: "begun")
                    let container = try await supervisor.onlyContainer()
                    // Once all of the container, once only its first process.
                    switch engine {
                    case .docker:
                        _ = try await engine.api.call("POST", "/containers/\(container["Id"].string ?? "")/pause")
                    case .podman: kill(Int32(try #require(container["State"]["Pid"].int)), SIGSTOP)
                    }
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(90))
                    #expect(task["attempt"] == 2)
                }
            }
        }
    }
}
