import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Q-4 and back-pressure by hand: paused and limited queues, tasks that expire or may be there only once.
    @Suite("Queue control", .timeLimit(.minutes(3)))
    struct QueueControl {
        @Test("a paused queue waits, says who and why, and outlives the supervisor; resumed, it goes on at once")
        func pause() async throws {
            try await AcodeFixture.with(settings: ["queue.pollInterval": "60s"]) { fixture in
                let arguments = ["queue", "pause", "slow", "--reason", "database moves", "--by", "anna"]
                for _ in 1...2 { try await fixture.acode(arguments).succeeded() }
                let id = try await fixture.submitScript("true", ["--queue", "slow"])
                try await fixture.withSupervisor(.local) { _ in
                    try await fixture.runScript("true").succeeded()
                    let waiting = try await fixture.task(id)
                    #expect(waiting["state"] == "enqueued")
                    let words = waiting["explanation"].string ?? ""
                    #expect(words.contains("paused by anna") && words.contains("database moves"), "\(words)")
                    let list = try await fixture.json("queue", "list").elements
                    let slow = list.first { $0["queue"] == "slow" } ?? .null
                    #expect(slow["paused"]["by"] == "anna" && slow["paused"]["reason"] == "database moves", "\(list)")
                    #expect(list.first { $0["queue"] == "default" }?["paused"] == .null)
                    let table = try await fixture.acode("queue").succeeded()
                    #expect(table.text.contains("PAUSED") && table.text.contains("anna"), "\(table)")
                    for _ in 1...2 { try await fixture.acode("queue", "resume", "slow").succeeded() }
                    try await fixture.waitFor(id, state: "complete")
                }
                #expect(!(try await fixture.acode("queue").text.contains("PAUSED")))
                #expect(try await fixture.acode("queue", "pause", "no queue").code == 64)
            }
        }

        @Test("of a limited queue no more run at once than the limit, over all supervisors")
        func limit() async throws {
            try await AcodeFixture.with(settings: ["queue.pollInterval": "100ms"]) { fixture in
                try await fixture.acode("queue", "limit", "narrow", "1").succeeded()
                let place = try fixture.openDirectory("running")
                let most = "\(fixture.scratch)/most"
                let script = """
                    touch \(place)/$ACODE_TASK_ID; sleep 0.3; ls \(place) | wc -l >> \(most); rm \(place)/$ACODE_TASK_ID
                    """
                var other = PoolOptions(count: 2)
                other.pool = "\(fixture.pool)-b"
                try await fixture.withSupervisor(.local, PoolOptions(count: 2)) { _ in
                    try await fixture.withSupervisor(.local, other) { _ in
                        var ids: [String] = []
                        for _ in 1...4 { ids.append(try await fixture.submitScript(script, ["--queue", "narrow"])) }
                        for id in ids { try await fixture.waitFor(id, state: "complete") }
                    }
                }
                let seen = try String(contentsOfFile: most, encoding: .utf8).split(separator: "\n")
                #expect(seen == ["1", "1", "1", "1"])
            }
        }

        @Test("a task that nobody begins in time ends as expired")
        func expiry() async throws {
            try await AcodeFixture.with(settings: ["queue.sweepInterval": "200ms"]) { fixture in
                let counters = SupervisorCounters()
                try await fixture.withSupervisor(.local, counters.options()) { _ in
                    let long = try await fixture.submitScript("sleep 60")
                    try await fixture.waitFor(long, state: "inProgress")
                    let late = try await fixture.submitAndWait(["--ttl", "500ms", "--name", "late"], ["true"])
                    #expect(late.code == 1)
                    let task = try await fixture.task(named: "late")
                    #expect(task["state"] == "error" && task["outcome"] == "expired", "\(task)")
                    #expect(task["reason"] == "expired: nobody began it within its ttl of 0.5 s")
                    #expect(try await counters.value("acode_expired_tasks_total") == 1)
                    #expect(try await counters.value(#"acode_dead_letters_total{code="expired"}"#) == 1)
                    let waiting = try await fixture.submitScript("true", ["--ttl", "1h"])
                    try await fixture.acode("task", "cancel", long).succeeded()
                    try await fixture.waitFor(waiting, state: "complete")
                    #expect(
                        try await fixture.acode("task", "submit", "--ttl", "1s", "--delay", "2s", "--", "true").code
                            == 64)
                }
            }
        }

        @Test("a unique key finds the task that is there, and says so")
        func unique() async throws {
            try await AcodeFixture.with { fixture in
                let key = ["--unique-key", "nightly", "--unique-window", "1h"]
                let first = try await fixture.submitScript("echo once", key)
                let again = try await fixture.acode(["task", "submit"] + key + ["--", "true"]).succeeded()
                #expect(again.text == "\(first)\n")
                #expect(again.errorText.contains("not submitted again") && again.errorText.contains("nightly"))
                let json = try await fixture.acode(["task", "submit", "--json"] + key + ["--", "true"]).json()
                #expect(json[0]["id"] == .string(first) && json[0]["isNew"] == false, "\(json)")
                #expect(try await fixture.tasks().count == 1)
                try await fixture.withSupervisor(.local) { _ in
                    let waited = try await fixture.runScript("echo twice", key)
                    #expect(waited.text == "once\n" && waited.code == 0, "\(waited)")
                }
                let other = try await fixture.submitScript("true", ["--unique-key", "nightly"])
                #expect(other != first)
            }
        }
    }
}
