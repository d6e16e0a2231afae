import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Q-1…Q-4, R-7: which task runs when, and again.
    @Suite("Queue", .timeLimit(.minutes(3)))
    struct Queue {
        @Test("a submit is noticed at once, not at the next poll")
        func wake() async throws {
            try await AcodeFixture.with(settings: ["queue.pollInterval": "60s"]) { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let run = try await fixture.submitAndWait([], ["true"])
                    #expect(run.code == 0)
                    #expect(run.elapsed < .seconds(10))
                }
            }
        }

        @Test("higher priority first, then the order of submission")
        func priority() async throws {
            try await AcodeFixture.with { fixture in
                let order = "\(fixture.scratch)/order"
                for (name, priority) in [("c", "0"), ("e", "-5"), ("a", "10"), ("d", "0"), ("b", "10")] {
                    _ = try await fixture.submitScript(
                        "echo \(name) >> \(order)", ["--name", name, "--priority", priority])
                }
                try await fixture.withSupervisor(.local) { _ in
                    try await eventually("all to finish") {
                        try await fixture.tasks().allSatisfy { $0["state"] == "complete" }
                    }
                }
                let names = try String(contentsOfFile: order, encoding: .utf8).split(separator: "\n")
                // `c` came before `d`, `a` before `b`.
                #expect(names == ["a", "b", "c", "d", "e"])
            }
        }

        @Test("a task of a low priority gets its turn while others have more")
        func oldest() async throws {
            let settings: [String: JSONValue] = ["queue.oldestEvery": 3, "queue.pollInterval": "60s"]
            try await AcodeFixture.with(settings: settings) { fixture in
                let order = "\(fixture.scratch)/order"
                let tasks = (["low"] + Array(repeating: "high", count: 9)).map { name in
                    "- {priority: \(name == "low" ? -1 : 1), command: [sh, -c, 'echo \(name) >> \(order)']}"
                }
                let file = try fixture.file("tasks.yaml", "tasks:\n" + tasks.joined(separator: "\n") + "\n")
                try await fixture.acode("task", "submit", "--file", file).succeeded()
                try await fixture.withSupervisor(.local) { _ in
                    try await eventually("all to finish", every: .milliseconds(100)) {
                        try await fixture.tasks().allSatisfy { $0["state"] == "complete" }
                    }
                }
                let names = try String(contentsOfFile: order, encoding: .utf8).split(separator: "\n")
                #expect(names.count == 10 && names.firstIndex(of: "low") == 2, "\(names)")
            }
        }

        @Test("a delayed task is not run before its time, and then soon")
        func delay() async throws {
            try await AcodeFixture.with { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let id = try await fixture.submitScript("true", ["--delay", "2s"])
                    #expect(try await fixture.task(id)["state"] == "pending")
                    let task = try await fixture.waitFor(id, state: "complete")
                    let created = try #require(task["createdAt"].date)
                    let started = try #require(task["startedAt"].date)
                    #expect(started.timeIntervalSince(created) >= 2)
                    #expect(started.timeIntervalSince(created) < 6)
                }
            }
        }

        @Test("a supervisor serves the queues it was told to and no other")
        func queues() async throws {
            try await AcodeFixture.with { fixture in
                var options = PoolOptions()
                options.flags += ["--queue", "one", "--queue", "two"]
                try await fixture.withSupervisor(.local, options) { _ in
                    let other = try await fixture.submitScript("true", ["--queue", "three"])
                    let plain = try await fixture.submitScript("true")
                    for queue in ["one", "two"] {
                        try await fixture.runScript("true", ["--queue", queue]).succeeded()
                    }
                    #expect(try await fixture.task(other)["state"] == "enqueued")
                    #expect(try await fixture.task(plain)["state"] == "enqueued")
                }
            }
        }

        @Test("a failure is tried again with backoff; the attempts are all kept", arguments: Backend.all)
        func retries(_ backend: Backend) async throws {
            let settings: [String: JSONValue] = ["queue.retry.backoff": "500ms"]
            try await AcodeFixture.with("retries-\(backend)", settings: settings) { fixture in
                try await fixture.withSupervisor(backend) { _ in
                    let run = try await fixture.runScript(
                        "echo attempt $ACODE_ATTEMPT; [ $ACODE_ATTEMPT = 3 ] || exit 4",
                        ["--retries", "3", "--name", "r"])
                    #expect(run.code == 0)
                    #expect(run.text.contains("attempt 3\n"))
                    let id = try #require(try await fixture.task(named: "r")["id"].string)
                    let task = try await fixture.task(id)
                    #expect(task["attempt"] == 3 && task["failures"] == 2)
                    let attempts = task["attempts"].elements
                    #expect(attempts.map { $0["exitCode"] } == [4, 4, 0])
                    #expect(attempts.map { $0["outcome"] } == ["failed", "failed", "succeeded"])
                    for number in 1...3 {
                        let log = try await fixture.acode("task", "logs", "--attempt", "\(number)", id)
                        #expect(log.text == "attempt \(number)\n")
                    }
                    let first = try #require(attempts[0]["finishedAt"].date)
                    let second = try #require(attempts[1]["claimedAt"].date)
                    #expect(second.timeIntervalSince(first) >= 0.24)
                    let kinds = try await fixture.json("task", "events", id).elements.compactMap { $0["kind"].string }
                    #expect(kinds.count { $0 == "retry_scheduled" } == 2)
                }
            }
        }

        @Test("retries come to an end, and the dead letter says why; `task retry` gives another chance")
        func deadLetter() async throws {
            try await AcodeFixture.with(settings: ["queue.retry.backoff": "100ms"]) { fixture in
                let flag = "\(fixture.scratch)/fixed"
                try await fixture.withSupervisor(.local) { _ in
                    let id = try await fixture.submitScript("[ -e \(flag) ] || exit 9", ["--retries", "1"])
                    let dead = try await fixture.waitFor(id, state: "error")
                    #expect(dead["attempt"] == 2 && dead["exitCode"] == 9)
                    #expect(dead["finishedAt"].date != nil)
                    try fixture.write("", to: flag)
                    try await fixture.acode("task", "retry", id).succeeded()
                    try await fixture.waitFor(id, state: "complete")
                }
            }
        }

        @Test("rules say which failures are worth another attempt, and the timeline says why there is one or none")
        func retryRules() async throws {
            try await AcodeFixture.with(settings: ["queue.retry.backoff": "50ms"]) { fixture in
                try fixture.write(
                    """
                    tasks:
                      - name: fatal
                        command: [sh, -c, "exit 2"]
                        retry: {maxAttempts: 5, rules: [{exitCode: [2, 64-78], then: fatal}]}
                      - name: outage
                        command: [sh, -c, "echo 'connect: Connection refused' >&2; exit 1"]
                        retry: {rules: [{output: "connect*refused", then: infrastructure}]}
                      - name: own
                        command: [sh, -c, "echo ok; exit 1"]
                        retry: {rules: [{output: "connect*refused", then: infrastructure}]}
                    """, to: "\(fixture.scratch)/tasks.yaml")
                var options = PoolOptions(count: 3)
                options.environment["ACODE_QUEUE_MAX_DELIVERIES"] = "3"
                try await fixture.withSupervisor(.local, options) { _ in
                    let ids = try await fixture.acode(
                        "task", "submit", "--file", "\(fixture.scratch)/tasks.yaml"
                    ).succeeded().lines
                    for id in ids { try await fixture.waitFor(id, state: "error") }
                    func told(_ id: String, _ kind: String) async throws -> [String] {
                        try await fixture.json("task", "events", id).elements.filter { $0["kind"] == .string(kind) }
                            .compactMap { $0["message"].string }
                    }
                    let fatal = try await fixture.task(ids[0])
                    #expect(fatal["attempt"] == 1 && fatal["failures"] == 1)
                    let why = try await told(ids[0], "dead_lettered").first ?? ""
                    #expect(
                        why.contains("not tried again: its retry rule says so (exit code 2, 64-78: fatal)"), "\(why)")
                    let outage = try await fixture.task(ids[1])
                    #expect(outage["attempt"] == 3 && outage["failures"] == 0 && outage["interruptions"] == 2)
                    let abandoned = try await told(ids[1], "abandoned")
                    #expect(abandoned.count == 2 && abandoned[0].contains("not counted as its failure"), "\(abandoned)")
                    let own = try await fixture.task(ids[2])
                    #expect(own["attempt"] == 1)
                    #expect(try await told(ids[2], "dead_lettered").first?.contains("allows one attempt") == true)
                }
            }
        }

        @Test("exit code 75 asks for another attempt")
        func temporaryFailure() async throws {
            try await AcodeFixture.with(settings: ["queue.retry.backoff": "100ms"]) { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let run = try await fixture.runScript("[ $ACODE_ATTEMPT = 2 ] || exit 75; echo good")
                    #expect(run.code == 0)
                    #expect(run.text == "good\n")
                }
            }
        }

        @Test("tasks submitted while nobody runs wait, and `--wait` says so")
        func nobodyThere() async throws {
            try await AcodeFixture.with { fixture in
                let plan = fixture.plan(["task", "submit", "--wait", "--", "echo", "at last"])
                let (_, ending) = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(5)) { process in
                    try await eventually("a word on the missing supervisor") {
                        process.errorText.lowercased().contains("no supervisor")
                    }
                    try await fixture.withSupervisor(.local) { _ in
                        try await process.waitForEnd(within: .seconds(20))
                    }
                }
                #expect(ending.process.code == 0)
                #expect(ending.process.text == "at last\n")
                let said = ending.process.errorText.lowercased().components(separatedBy: "no supervisor").count - 1
                #expect(said == 1)
            }
        }
    }
}
