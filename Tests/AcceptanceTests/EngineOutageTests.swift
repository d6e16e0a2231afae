import Foundation
import Glibc
import TestSupport
import Testing

extension Acceptance {
    /// NFR-008: an engine that is away for a while is a state of the pool, and no task's failure.
    @Suite("Engine outage", .timeLimit(.minutes(9)), .enginesOfItsOwn)
    struct EngineOutage {
        private static let quick: [String: JSONValue] = ["workers.docker.outage.checkInterval": "200ms"]

        private static func pool(_ count: Int) throws -> (EngineInstance, PoolOptions) {
            let engines = try #require(EnginesOfItsOwn.current)
            var options = PoolOptions(count: count)
            options.engines = engines
            return (engines, options)
        }

        @Test(
            "it is told once, with cause and fix, wherever one looks; tasks and idle workers go on",
            arguments: Engine.all)
        func told(_ engine: Engine) async throws {
            let (engines, plain) = try Self.pool(2)
            var options = plain
            let port = Loopback.freePort()
            let base = "http://127.0.0.1:\(port)"
            options.flags += ["--listen", "127.0.0.1:\(port)"]
            try await AcodeFixture.with("outage-told-\(engine)", settings: Self.quick) { fixture in
                fixture.atEnd { try await engines.control("start", engine) }
                let end = try await fixture.withSupervisor(.of(engine), options) { _ in
                    #expect(try await Curl.get("\(base)/metrics").body.contains("acode_engine_available 1"))
                    let id = try await fixture.submitScript("echo begun; sleep 3; echo ended")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await engines.control("kill", engine)
                    let words = try await eventually("the list to tell") {
                        let words = try await fixture.acode("worker", "list").errorText
                        return words.contains("engine can't be used since") ? words : nil
                    }
                    #expect(words.contains("\(engine).sock"))
                    #expect(words.contains("hint: start the engine"))
                    let ready = try await Curl.get("\(base)/readyz")
                    #expect(ready.status == 503 && ready.body.contains("engine can't be used since"))
                    let health = try JSONValue(parsing: try await Curl.get("\(base)/health").body.utf8)
                    #expect(health["supervisor"]["state"] == "engineUnavailable")
                    #expect(health["supervisor"]["engineTrouble"]["hasStandIns"] == false)
                    let metrics = try await Curl.get("\(base)/metrics").body
                    #expect(metrics.contains("acode_engine_available 0"))
                    #expect(metrics.contains("acode_engine_outages_total 1"))
                    // The other worker is warm and needs no engine.
                    #expect(try await fixture.runScript("echo other").text == "other\n")
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 1)
                    try await engines.control("start", engine)
                    try await eventually("it to be ready again", within: .seconds(60)) {
                        try await Curl.get("\(base)/readyz").status == 200
                    }
                    #expect(try await Curl.get("\(base)/metrics").body.contains("acode_engine_available 1"))
                    #expect(try await fixture.runScript("echo after", within: .seconds(60)).text == "after\n")
                    #expect(try await fixture.acode("worker", "list").errorText == "")
                }
                let said = end.errorText.split(separator: "\n").filter { $0.contains("the engine does not answer") }
                #expect(said.count == 1, "\(end)")
                #expect(said.first?.contains("hint") == true, "\(end)")
            }
        }

        @Test(
            "a task that waits for a container keeps its lease for so long, and goes back uncounted",
            arguments: Engine.all)
        func keepsLeases(_ engine: Engine) async throws {
            let (engines, options) = try Self.pool(1)
            // A counted delivery would be the task's last.
            let settings = Self.quick.merging([
                "workers.docker.outage.keepLeases": "3s", "queue.maxDeliveries": 1,
            ]) { own, _ in own }
            try await AcodeFixture.with("outage-leases-\(engine)", settings: settings) { fixture in
                fixture.atEnd { try await engines.control("start", engine) }
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    try await engines.control("kill", engine)
                    try await eventually("it to be told") {
                        try await fixture.acode("worker", "list").errorText.contains("engine can't be used since")
                    }
                    let id = try await fixture.submitScript("echo in another", ["--memory-mb", "100"])
                    try await fixture.waitFor(id, state: "inProgress")
                    let begun = ContinuousClock.now
                    let back = try await eventually("it to go back", within: .seconds(15)) {
                        let attempts = try await fixture.task(id)["attempts"].elements
                        return attempts.first { $0["outcome"] == "worker_unavailable" }
                    }
                    #expect(ContinuousClock.now - begun > .seconds(2))
                    #expect(back["reason"].string?.contains("the engine has not answered for 3") == true, "\(back)")
                    try await engines.control("start", engine)
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["failures"] == 0, "\(task)")
                }
            }
        }

        /// Why a worker is given up that nobody can ask the engine about.
        enum Farewell: String, CaseIterable, CustomTestStringConvertible {
            case stopped, silent

            var testDescription: String { rawValue }
        }

        @Test(
            "a worker that is given up meanwhile may run on, so its task waits until that can't be any more",
            arguments: Engine.all, Farewell.allCases)
        func mayRunOn(_ engine: Engine, _ farewell: Farewell) async throws {
            let (engines, options) = try Self.pool(1)
            let more: [String: JSONValue] = [
                "queue.lease": "40s", "queue.heartbeat": "5s", "workers.health": ["interval": "1s", "retries": 3],
            ]
            let settings = Self.quick.merging(more) { own, _ in own }
            try await AcodeFixture.with("outage-\(farewell)-\(engine)", settings: settings) { fixture in
                fixture.atEnd { try await engines.control("start", engine) }
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let id = try await fixture.submitScript("echo begun; sleep 600")
                    try await fixture.waitFor(id, toPrint: "begun")
                    let worker = try #require(try await fixture.workers().first?["id"].string)
                    let agent = Int32(try #require(try await supervisor.onlyContainer()["State"]["Pid"].int))
                    try await engines.control("kill", engine)
                    try await eventually("it to be told") {
                        try await fixture.acode("worker", "list").errorText.contains("engine can't be used since")
                    }
                    switch farewell {
                    // It may wait for the engine.
                    case .stopped:
                        _ = try? await fixture.acode("worker", "stop", worker, "--force", within: .seconds(10))
                    case .silent: kill(agent, SIGSTOP)
                    }
                    let task = try await fixture.waitFor(id, state: "pending", within: .seconds(30))
                    #expect(task["failures"] == 0, "\(task)")
                    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
                    let next = try #require(task["runAt"].string.flatMap { try? Date($0, strategy: style) })
                    #expect(next.timeIntervalSinceNow > 20, "\(task)")
                    try await fixture.acode("task", "cancel", id).succeeded()
                    try await engines.control("start", engine)
                    #expect(try await fixture.runScript("echo after", within: .seconds(60)).text == "after\n")
                }
            }
        }

        @Test("what a restart of the engine does to a task is no failure of the task", arguments: Engine.all)
        func restarted(_ engine: Engine) async throws {
            let (engines, options) = try Self.pool(1)
            // With a budget of none, one counted crash would keep the pool empty for the window.
            let settings = Self.quick.merging(["workers.docker.restart.maxRestarts": 0]) { own, _ in own }
            try await AcodeFixture.with("outage-restarted-\(engine)", settings: settings) { fixture in
                fixture.atEnd { try await engines.control("start", engine) }
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    let id = try await fixture.submitScript("echo begun; sleep 6; echo ended")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await engines.control("halt", engine)
                    try await eventually("it to be told") {
                        try await fixture.acode("worker", "list").errorText.contains("engine can't be used since")
                    }
                    try await engines.control("start", engine)
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(90))
                    #expect(try await fixture.acode("task", "logs", id).text == "begun\nended\n")
                    // Podman's containers don't notice; Docker ends its own unless live-restore is on.
                    let attempts = task["attempts"].elements
                    #expect(attempts.count == (engine == .docker ? 2 : 1), "\(task)")
                    if engine == .docker {
                        #expect(attempts[0]["outcome"] == "worker_lost")
                        #expect(
                            attempts[0]["reason"].string?.contains("the engine stopped or restarted") == true, "\(task)"
                        )
                    }
                    #expect(task["failures"] == 0, "\(task)")
                    #expect(try await fixture.runScript("echo after").text == "after\n")
                }
            }
        }

        @Test("processes stand in for tasks that accept them, and containers come back", arguments: Engine.all)
        func standIn(_ engine: Engine) async throws {
            let (engines, plain) = try Self.pool(1)
            var options = plain
            options.flags = []
            let settings = Self.quick.merging(["workers.docker.outage.fallbackAfter": "300ms"]) { own, _ in own }
            try await AcodeFixture.with("outage-stand-in-\(engine)", settings: settings) { fixture in
                fixture.atEnd { try await engines.control("start", engine) }
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let container = try await supervisor.onlyContainer()
                    let pid = try #require(container["State"]["Pid"].int)
                    try await engines.control("kill", engine)
                    // The host may take the containers down with their engine.
                    kill(pid_t(pid), SIGKILL)
                    try await eventually("the worker to be known as gone") {
                        try await supervisor.workers().allSatisfy { $0["status"] != "idle" }
                    }
                    let demanding = try await fixture.submitScript("echo contained", ["--isolation", "container"])
                    let limited = try await fixture.submitScript("ls /sys/class/net", ["--egress", "deny"])
                    let run = try await fixture.runScript("test -d /.acode || echo as a process")
                    #expect(run.text == "as a process\n")
                    #expect(try await fixture.acode("worker", "list").errorText.contains("local processes stand in"))
                    #expect(try await fixture.task(demanding)["state"] == "enqueued")
                    let process = try await eventually("an idle process") {
                        try await supervisor.workers().first {
                            $0["containerName"].string == nil && $0["status"] == "idle"
                        }
                    }
                    let id = try #require(process["id"].string)
                    try await fixture.acode("worker", "restart", id).succeeded()
                    try await eventually("it to be replaced") {
                        try await supervisor.workers().allSatisfy { $0["id"].string != id }
                    }
                    try await engines.control("start", engine)
                    try await fixture.waitFor(demanding, state: "complete", within: .seconds(90))
                    // A process can't be kept from connecting, so this one waited, too.
                    try await fixture.waitFor(limited, state: "complete", within: .seconds(90))
                    #expect(try await fixture.acode("task", "logs", limited).text == "lo\n")
                    #expect(
                        try await fixture.runScript("test -d /.acode && echo in a container").text == "in a container\n"
                    )
                    let workers = try await eventually("only containers to be left") {
                        let workers = try await supervisor.workers()
                        return workers.allSatisfy { $0["containerID"].string != nil } ? workers : nil
                    }
                    #expect(workers.count == 1)
                }
                let left = try await engines.api(engine).containers(label: "acode.pool=\(fixture.pool)")
                #expect(left.isEmpty)
            }
        }

        @Test("nothing stands in where containers have less network than this host", arguments: Engine.all)
        func limitedNetwork(_ engine: Engine) async throws {
            let (engines, plain) = try Self.pool(1)
            var options = plain
            options.flags = []
            let limit: [String: JSONValue] =
                engine == .docker ? ["workers.egress": "deny"] : ["workers.docker.network": "none"]
            let settings = Self.quick.merging(["workers.docker.outage.fallbackAfter": "300ms"]) { own, _ in own }
                .merging(limit) { own, _ in own }
            try await AcodeFixture.with("outage-limited-\(engine)", settings: settings) { fixture in
                fixture.atEnd { try await engines.control("start", engine) }
                let end = try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let pid = try #require(try await supervisor.onlyContainer()["State"]["Pid"].int)
                    try await engines.control("kill", engine)
                    kill(pid_t(pid), SIGKILL)
                    try await eventually("the outage to be told", seen: { supervisor.process.errorText }) {
                        supervisor.process.errorText.contains("no local processes stand in while the engine is away")
                    }
                    let id = try await fixture.submitScript("ls /sys/class/net")
                    // Ten times as long as processes would wait before they stand in.
                    try await Task.sleep(for: .seconds(3))
                    #expect(try await fixture.task(id)["state"] == "enqueued")
                    #expect(try await supervisor.workers().allSatisfy { $0["status"] != "idle" })
                    try await engines.control("start", engine)
                    try await fixture.waitFor(id, state: "complete", within: .seconds(90))
                    #expect(try await fixture.acode("task", "logs", id).text == "lo\n")
                }
                #expect(end.errorText.components(separatedBy: "no local processes stand in").count == 2, "\(end)")
            }
        }
    }
}
