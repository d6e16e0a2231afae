import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// O-3, R-12: what `acode task …` tells.
    @Suite("Task commands", .timeLimit(.minutes(3)), .sharedPools(on: [.local]))
    struct TaskCommands {
        private var fixture: AcodeFixture { get throws { try SharedPools.pool(.local).fixture } }

        @Test("JSON has the promised fields, null where there is nothing")
        func fields() async throws {
            let fixture = try fixture
            let promised = [
                "id", "name", "state", "outcome", "exitCode", "reason", "worker", "attempt", "createdAt", "startedAt",
                "finishedAt",
            ]
            let waiting = try await fixture.submitScript("true", ["--delay", "1h"])
            let listed = try #require(try await fixture.tasks().first { $0["id"] == waiting })
            #expect(Set(promised).isSubset(of: listed.keys))
            #expect(listed["name"] == JSONValue.null && listed["outcome"] == JSONValue.null)
            #expect(listed["startedAt"] == JSONValue.null && listed["attempt"] == 0)
            let done = try await fixture.submitScript("exit 2", ["--name", "fields"])
            let task = try await fixture.waitFor(done, state: "error")
            #expect(Set(promised).isSubset(of: task.keys))
            #expect(task["id"] == done && task["name"] == "fields" && task["outcome"] == "failed")
            #expect(task["exitCode"] == 2 && task["attempt"] == 1)
            #expect(task["worker"].string?.isEmpty == false)
            let times = try ["createdAt", "startedAt", "finishedAt"].map { try #require(task[$0].date, "\(task[$0])") }
            #expect(times == times.sorted())
            #expect(abs(times[0].timeIntervalSinceNow) < 60)
            try await fixture.acode("task", "cancel", waiting).succeeded()
        }

        @Test("`list` filters by state, queue and number, and shows a table")
        func list() async throws {
            let fixture = try fixture
            let queue = "q\(UInt16.random(in: 0...(.max)))"
            var ids: [String] = []
            for _ in 1...3 { ids.append(try await fixture.submitScript("true", ["--queue", queue, "--delay", "1h"])) }
            try await fixture.acode("task", "cancel", ids[0]).succeeded()
            let all = try await fixture.json("task", "list", "--queue", queue).elements
            #expect(Set(all.compactMap { $0["id"].string }) == Set(ids))
            let pending = try await fixture.json("task", "list", "--queue", queue, "--state", "pending").elements
            #expect(Set(pending.compactMap { $0["id"].string }) == Set(ids.dropFirst()))
            let one = try await fixture.json("task", "list", "--queue", queue, "--limit", "1").elements
            #expect(one.count == 1)
            let table = try await fixture.acode("task", "list", "--queue", queue).succeeded()
            #expect(table.lines.count == 4)
            #expect(!table.text.contains("\u{1b}"))
            let quiet = try await fixture.acode("task", "list", "--queue", queue, "-q").succeeded()
            #expect(Set(quiet.lines) == Set(ids))
            let wrong = try await fixture.acode("task", "list", "--state", "sleeping")
            #expect(wrong.code == 64)
            #expect(wrong.errorText.contains("inProgress"), "the states there are: \(wrong.errorText)")
            try await fixture.acode(["task", "cancel"] + ids.dropFirst()).succeeded()
        }

        @Test("`show` says in plain words why a task died")
        func show() async throws {
            let fixture = try fixture
            let id = try await fixture.submitScript("echo it said this; exit 42", ["--name", "why"])
            try await fixture.waitFor(id, state: "error")
            let page = try await fixture.acode("task", "show", id).succeeded()
            for part in [id, "why", "error", "failed", "42", "exited with code 42", "log:"] {
                #expect(page.text.contains(part), "\(part)\n\(page.text)")
            }
        }

        @Test("a task is named by the beginning of its id; what fits several or none is told")
        func prefixes() async throws {
            let fixture = try fixture
            let first = try await fixture.submitScript("true")
            let second = try await fixture.submitScript("true")
            #expect(try await fixture.json("task", "show", String(first.prefix(35)))["id"] == first)
            // Ids begin with the time, so two of one second begin alike.
            let common = String(zip(first, second).prefix { $0 == $1 }.map(\.0))
            let ambiguous = try await fixture.acode("task", "show", common)
            #expect(ambiguous.code == 1)
            let candidates = ambiguous.errorText.matches(of: /[0-9a-f]{8}-[0-9a-f-]{27}/).map { String($0.0) }
            #expect(candidates.count >= 2 && candidates.allSatisfy { $0.hasPrefix(common) }, "\(ambiguous)")
            let unknown = try await fixture.acode("task", "show", "ffffffff-0000")
            #expect(unknown.code == 1)
            #expect(unknown.errorText.contains("ffffffff-0000"))
            #expect(try await fixture.acode("task", "show", "abc").code == 64)
            #expect(try await fixture.acode("task", "show", "no-id!").code == 64)
        }

        @Test("`events` tells the whole story in its order")
        func events() async throws {
            let fixture = try fixture
            let id = try await fixture.submitScript("true")
            try await fixture.waitFor(id, state: "complete")
            let events = try await fixture.json("task", "events", id).elements
            #expect(events.compactMap { $0["kind"].string } == ["submitted", "claimed", "started", "completed"])
            let sequence = events.compactMap { $0["sequence"].int }
            #expect(sequence == sequence.sorted() && Set(sequence).count == 4)
            let follow = try await fixture.acode("task", "events", "-f", id).succeeded()
            #expect(follow.lines.count == 4)
        }

        @Test("progress a task reports is on its timeline")
        func progress() async throws {
            let fixture = try fixture
            let run = try await fixture.runScript(
                "acode-agent progress 40 stacking; sleep 0.3; acode-agent progress 100", ["--name", "progress"])
            #expect(run.code == 0, "\(run)")
            let id = try #require(try await fixture.task(named: "progress")["id"].string)
            let events = try await fixture.json("task", "events", id).elements.filter { $0["kind"] == "progress" }
            #expect(events.contains { $0["message"].string?.contains("stacking") == true })
            let task = try await fixture.task(id)
            #expect(task["progress"] == 100 && task["attempts"][0]["progress"] == 100, "\(task)")
        }

        @Test("of many reports few are written, and the last one is known although the task says nothing more")
        func manyReports() async throws {
            let fixture = try fixture
            let script = """
                for i in $(seq 300); do acode-agent progress $((i / 10)) "row $i"; done; acode-agent progress 31 last
                echo told; sleep 60
                """
            let id = try await fixture.submitScript(script)
            try await fixture.waitFor(id, toPrint: "told", within: .seconds(50))
            try await eventually("the last report to be known") { try await fixture.task(id)["progress"] == 31 }
            let events = try await fixture.json("task", "events", id).elements
            let reports = events.filter { $0["kind"] == "progress" }
            let took = try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(
                try #require(reports.last?["at"].string)
            ).timeIntervalSince(
                try Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(
                    try #require(reports.first?["at"].string)))
            #expect(Double(reports.count) <= took + 3, "\(reports.count) in \(took) s")
            #expect(try await fixture.acode("task", "list").text.contains("31 %"))
            #expect(try await fixture.acode("task", "show", id).text.contains("progress: "))
            try await fixture.acode("task", "cancel", id).succeeded()
            try await fixture.waitFor(id, state: "cancelled")
            #expect(try await fixture.task(id)["attempts"][0]["progress"] == 31)
        }

        @Test("`wait` returns when all are done, with the first failure's code, or gives up in time")
        func wait() async throws {
            let fixture = try fixture
            let good = try await fixture.submitScript("sleep 0.5")
            let bad = try await fixture.submitScript("exit 6")
            #expect(try await fixture.acode("task", "wait", good).code == 0)
            #expect(try await fixture.acode("task", "wait", good, bad).code == 6)
            let never = try await fixture.submitScript("true", ["--delay", "1h"])
            let timeout = try await fixture.acode("task", "wait", "--timeout", "500ms", never)
            #expect(timeout.code == 75, "\(timeout)")
            #expect(timeout.elapsed < .seconds(10))
            try await fixture.acode("task", "cancel", never).succeeded()
        }

        @Test("`logs -f` follows until the task ends")
        func follow() async throws {
            let fixture = try fixture
            let id = try await fixture.submitScript("echo one; sleep 2; echo two; echo three >&2")
            let plan = fixture.plan(["task", "logs", "-f", id])
            let (_, ending) = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(5)) { process in
                try await eventually("the first line") { process.output.text == "one\n" }
                #expect(!process.hasEnded)
                try await process.waitForEnd(within: .seconds(20))
            }
            #expect(ending.process.code == 0)
            #expect(ending.process.text == "one\ntwo\n")
            #expect(ending.process.errorText == "three\n")
        }

        @Test("a reader that goes away ends the command quietly")
        func brokenPipe() async throws {
            let fixture = try fixture
            try await fixture.runScript("seq 1 100000", ["--name", "piped"]).succeeded()
            let id = try #require(try await fixture.task(named: "piped")["id"].string)
            let binary = try AcodeBinary.path()
            var plan = fixture.plan([])
            plan.executable = "/bin/sh"
            plan.arguments = ["-c", "'\(binary)' task logs \(id) | head -n 1"]
            let run = try await ChildProcess.run(plan, logs: fixture.logs, within: .seconds(20))
            #expect(run.text == "1\n")
            #expect(run.errorText.isEmpty, "\(run)")
        }
    }
}
