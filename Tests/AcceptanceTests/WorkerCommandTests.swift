import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// O-3: what `acode worker …` tells about a running pool.
    @Suite("Worker commands", .timeLimit(.minutes(3)), .sharedPools(count: 2))
    struct WorkerCommands {
        @Test("`list --json` has exactly the promised fields", arguments: Backend.all)
        func listFields(_ backend: Backend) async throws {
            let pool = try SharedPools.pool(backend)
            let workers = try await pool.supervisor.workers()
            #expect(workers.count == 2)
            for worker in workers {
                #expect(
                    Set(["id", "containerName", "containerID", "status", "profile", "task"]).isSubset(of: worker.keys))
                #expect(Set(worker.keys).subtracting(["attempt", "ports", "usage", "reason", "retryAt"]).count == 6)
                #expect(worker["status"] == "idle")
                #expect(worker["task"] == JSONValue.null)
                #expect((worker["containerID"].string != nil) == (backend.engine != nil))
                #expect((worker["containerName"].string != nil) == (backend.engine != nil))
                #expect(worker["profile"].string?.isEmpty == false)
            }
        }

        @Test("the table has one line a worker, `-q` only ids", arguments: Backend.all)
        func listText(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let table = try await fixture.acode("worker", "list").succeeded()
            #expect(table.lines.count == 3)
            #expect(!table.text.contains("\u{1b}"), "no colours where no terminal is")
            let ids = try await fixture.acode("worker", "list", "-q").succeeded().lines
            #expect(ids.count == 2)
            #expect(Set(ids) == Set(try await fixture.workers().compactMap { $0["id"].string }))
        }

        @Test("`show` names the worker by id, beginning and container name", arguments: Backend.all)
        func show(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let worker = try #require(try await fixture.workers().first)
            let id = try #require(worker["id"].string)
            for name in [id, String(id.prefix(6)), worker["containerName"].string].compactMap({ $0 }) {
                #expect(try await fixture.json("worker", "show", name)["id"] == id, "\(name)")
            }
            let unknown = try await fixture.acode("worker", "show", "zzzzzzzzzzzz")
            #expect(unknown.code == 1)
            #expect(unknown.errorText.contains("zzzzzzzzzzzz"))
        }

        @Test("`show` tells what happened to the worker", arguments: Backend.all)
        func timeline(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let run = try await fixture.runScript("exit 0", ["--name", "told-\(backend)"])
            #expect(run.code == 0)
            let task = try await fixture.task(named: "told-\(backend)")
            let worker = try await fixture.task(task["id"].string ?? "")["attempts"][0]["worker"].string ?? ""
            let id = task["id"].string ?? "?"
            let events = try await eventually("the end on the timeline") {
                let events = try await fixture.json("worker", "show", worker)["events"].elements
                return events.contains { $0["message"] == .string("\(id) (attempt 1): succeeded") } ? events : nil
            }
            let kinds = events.compactMap { $0["kind"].string }
            #expect(kinds.prefix(3) == ["created", "started", "ready"], "\(kinds)")
            let begun = events.firstIndex {
                $0["kind"] == "task_begun" && $0["message"] == .string("\(id) (attempt 1)")
            }
            let ended = events.firstIndex { $0["message"] == .string("\(id) (attempt 1): succeeded") }
            #expect(try #require(begun) < #require(ended))
            let times = events.compactMap { $0["at"].string }
            #expect(times.count == events.count && times == times.sorted(), "\(times)")
            let page = try await fixture.acode("worker", "show", worker).succeeded().text
            #expect(page.contains("task_ended") && page.contains("\(id) (attempt 1): succeeded"), "\(page)")
            #expect(try await fixture.json("worker", "list").elements.allSatisfy { !$0.keys.contains("events") })
        }

        @Test("a busy worker shows its task", arguments: Backend.all)
        func busy(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let id = try await fixture.submitScript("echo begun; sleep 600")
            try await fixture.waitFor(id, toPrint: "begun")
            let busy = try await fixture.workers().filter { $0["status"] == "busy" }
            #expect(busy.map { $0["task"] } == [.string(id)])
            #expect(try await fixture.task(id)["worker"] == busy[0]["id"])
            try await fixture.acode("task", "cancel", id).succeeded()
            try await fixture.waitFor(id, state: "cancelled")
        }

        @Test("`stats` knows what workers use", arguments: Backend.all)
        func stats(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let id = try await fixture.submitScript("echo begun; while :; do :; done", ["--timeout", "60s"])
            try await fixture.waitFor(id, toPrint: "begun")
            let usage = try await eventually("a measurement of the busy worker", within: .seconds(25)) {
                let worker = try await fixture.json("worker", "stats").elements.first { $0["status"] == "busy" }
                let usage = worker?["usage"] ?? .null
                return (usage["cpuCores"].double ?? 0) > 0.2 ? usage : nil
            }
            try await fixture.acode("task", "cancel", id).succeeded()
            try await fixture.waitFor(id, state: "cancelled")
            #expect((usage["cpuCores"].double ?? 9) < 1.2)
            #expect((usage["memoryBytes"].int ?? 0) > 100_000)
            #expect((usage["processes"].int ?? 0) >= 2)
            guard backend.engine != nil else { return }
            #expect(usage["memoryLimitBytes"] == 512 << 20)
            #expect(usage["processLimit"] == 100)
        }

        @Test("`logs` shows what a container wrote, its tail, and follows", arguments: Engine.all)
        func logs(_ engine: Engine) async throws {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            try await fixture.runScript("seq 1 20", ["--name", "lines"]).succeeded()
            let worker = try #require(try await fixture.task(named: "lines")["worker"].string)
            try await eventually("all lines") {
                try await fixture.acode("worker", "logs", worker).text.contains("\n19\n20\n")
            }
            let tail = try await fixture.acode("worker", "logs", "--tail", "2", worker)
            #expect(tail.lines.count <= 3)
            let recent = try await fixture.acode("worker", "logs", "--since", "1h", "-n", "2", worker).succeeded()
            #expect(recent.text == tail.text)
            let future = try await fixture.acode("worker", "logs", "--since", "2999-01-01T00:00:00Z", worker)
            #expect(future.code == 0 && future.text == "", "\(future)")
            let plan = fixture.plan(["worker", "logs", "-f", worker])
            let (_, ending) = try await ChildProcess.with(plan, logs: fixture.logs, stop: SIGINT, grace: .seconds(5)) {
                process in
                try await eventually("old lines") { process.output.text.contains("20\n") }
                let mark = "followed-\(UInt16.random(in: 0...(.max)))"
                // Either worker may take a task: fill both.
                for _ in 1...2 { _ = try await fixture.submitScript("echo \(mark); sleep 1") }
                try await eventually("the new line") { process.output.text.contains("\(mark)\n") }
            }
            #expect(ending.process.code == 130)
            try await eventually("both to end") {
                try await fixture.tasks().allSatisfy { $0["finishedAt"] != JSONValue.null }
            }
        }

        @Test("`logs` of a local worker is what its tasks wrote: all of it, since, its tail, and what follows")
        func localLogs() async throws {
            let fixture = try SharedPools.pool(.local).fixture
            try await fixture.runScript("seq 1 20; echo mistake >&2", ["--name", "local-lines"]).succeeded()
            let worker = try #require(try await fixture.task(named: "local-lines")["worker"].string)
            let logs = try await fixture.acode("worker", "logs", worker).succeeded()
            #expect(logs.text.hasSuffix("18\n19\n20\n"))
            #expect(logs.errorText.contains("mistake\n"))
            #expect(try await fixture.acode("worker", "logs", "-n", "2", worker).succeeded().text.hasSuffix("20\n"))
            #expect(try await fixture.acode("worker", "logs", "--since", "1h", worker).succeeded().text == logs.text)
            #expect(
                try await fixture.acode("worker", "logs", "--since", "2999-01-01T00:00:00Z", worker).succeeded().text
                    == "")
            let wrong = try await fixture.acode("worker", "logs", "--since", "yesterday", worker)
            #expect(wrong.code == 64 && wrong.errorText.contains("yesterday"))
            let plan = fixture.plan(["worker", "logs", "-f", worker])
            _ = try await ChildProcess.with(plan, logs: fixture.logs, stop: SIGINT, grace: .seconds(5)) { process in
                try await eventually("old lines") { process.output.text.contains("20\n") }
                for _ in 1...2 { _ = try await fixture.submitScript("echo fol'lowed'; sleep 1") }
                try await eventually("the new line") { process.output.text.contains("followed\n") }
            }
            try await eventually("both to end") {
                try await fixture.tasks().allSatisfy { $0["finishedAt"] != JSONValue.null }
            }
        }

        @Test("`stats` sorts, and refreshes until it is interrupted", arguments: Backend.all)
        func liveStats(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            let once = try await fixture.acode("worker", "stats", "--no-stream", "--sort", "memory").succeeded()
            #expect(once.lines.count == 3)
            let wrong = try await fixture.acode("worker", "stats", "--sort", "beauty")
            #expect(wrong.code == 64 && wrong.errorText.contains("memory"), "\(wrong)")
            let plan = fixture.plan(
                ["worker", "stats", "--watch", "--json"], environment: ["ACODE_WORKERS_STATS_INTERVAL": "1s"])
            let (_, ending) = try await ChildProcess.with(plan, logs: fixture.logs, stop: SIGINT, grace: .seconds(5)) {
                process in
                try await eventually("three rounds") { process.output.text.split(separator: "\n").count >= 3 }
            }
            #expect(ending.process.code == 0)
            for line in ending.process.lines.dropLast() {
                #expect(try JSONValue(parsing: line.utf8).elements.count == 2)
            }
        }

        @Test("`stats` at a terminal: a table in place of the one before, until Ctrl-C", arguments: Backend.all)
        func liveTable(_ backend: Backend) async throws {
            let fixture = try SharedPools.pool(backend).fixture
            // The third one begins when the second is whole.
            let script = ["times 3 " + #"\x1b[H\x1b[2Jpool \#(fixture.pool): running"#, #"type \x03"#]
            let end = try await TerminalPlayer.play(
                fixture, script, ["worker", "stats"], environment: ["ACODE_WORKERS_STATS_INTERVAL": "1s"])
            #expect(end.code == 0, "\(end)")
            #expect(end.text.contains("[code 0, terminal restored]"), "\(end)")
            for worker in try await fixture.workers() {
                let id = try #require(worker["id"].string)
                #expect(end.text.components(separatedBy: id).count >= 3, "\(end)")
            }
        }
    }

    /// Stopping single workers, and pools that aren't there.
    @Suite("Worker commands that change things", .timeLimit(.minutes(3)))
    struct WorkerControl {
        @Test("`stop ID` stops one worker, and another takes its place", arguments: Backend.all)
        func stopOne(_ backend: Backend) async throws {
            try await AcodeFixture.with("stop-one-\(backend)") { fixture in
                try await fixture.withSupervisor(backend, PoolOptions(count: 2)) { supervisor in
                    try await fixture.runScript("echo it was $ACODE_WORKER_ID", ["--name", "one"]).succeeded()
                    let id = try #require(try await fixture.task(named: "one")["worker"].string)
                    try await fixture.acode("worker", "stop", id).succeeded()
                    try await eventually("another worker") {
                        let workers = try await supervisor.workers()
                        return workers.count { $0["status"] == "idle" } == 2 && !workers.contains { $0["id"] == id }
                    }
                    #expect(!supervisor.process.hasEnded)
                    // What ran on a worker can be read when it is gone.
                    #expect(try await fixture.acode("worker", "logs", id).succeeded().text == "it was \(id)\n")
                }
            }
        }

        @Test("without a supervisor: an empty list, and clear words from the rest")
        func nobody() async throws {
            try await AcodeFixture.with { fixture in
                let list = try await fixture.acode("worker", "list", "--json")
                #expect(list.code == 0)
                #expect(try list.json() == JSONValue.array([]))
                #expect(list.errorText.contains("no supervisor"))
                for arguments in [["show", "abcdef"], ["stop"], ["drain"], ["stats"], ["logs", "abcdef"]] {
                    let answer = try await fixture.acode(["worker"] + arguments)
                    #expect(answer.code == 69, "\(answer)")
                    #expect(answer.errorText.contains("no supervisor"))
                    #expect(answer.errorText.contains("hint:"))
                }
            }
        }
    }
}
