import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// R-9, R-12 and retention: what is forgotten, by itself and by hand, and what is known of who did what.
    @Suite("Retention", .timeLimit(.minutes(3)))
    struct Retention {
        private func kinds(_ fixture: AcodeFixture, _ id: String) -> [String] {
            ["logs", "outputs", "scratch"].filter {
                FileManager.default.fileExists(atPath: "\(fixture.stateDirectory)/\($0)/\(id)")
            }
        }

        @Test("a supervisor forgets tasks by age with all they left, and never those that run or that failed")
        func automatic() async throws {
            let settings: [String: JSONValue] = [
                "retention.complete": "6s", "retention.interval": "200ms", "queue.retry.maxAttempts": 1,
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                let port = Loopback.freePort()
                var options = PoolOptions(count: 2)
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                try await fixture.withSupervisor(.local, options) { _ in
                    let running = try await fixture.submitScript("echo begun; sleep 60")
                    let file = try fixture.file(
                        "task.yaml",
                        "tasks: [{name: fine, command: [sh, -c, 'echo made > $ACODE_OUTPUT_DIR/a'], outputs: [{path: a}]}]"
                    )
                    try await fixture.acode("task", "submit", "--file", file, "--wait").succeeded()
                    let fine = try #require(try await fixture.task(named: "fine")["id"].string)
                    #expect(kinds(fixture, fine) == ["logs", "outputs"])
                    let failed = try await fixture.submitScript("echo x > left; exit 3")
                    try await fixture.waitFor(failed, state: "error")
                    try await fixture.waitFor(running, toPrint: "begun")
                    try await eventually("the task to be forgotten") {
                        try await fixture.acode("task", "show", fine).code == 1 && kinds(fixture, fine).isEmpty
                    }
                    #expect(try await fixture.task(running)["state"] == "inProgress")
                    #expect(kinds(fixture, running) == ["logs"])
                    #expect(kinds(fixture, failed) == ["logs", "scratch"])
                    let metrics = try await Curl.get("http://127.0.0.1:\(port)/metrics").body
                    #expect(metrics.contains(#"acode_pruned_tasks_total{state="complete"} 1"#), "\(metrics)")
                    #expect(metrics.contains(#"acode_pruned_directories_total{kind="logs"} 1"#))
                    try await fixture.acode("task", "cancel", running).succeeded()
                    try await fixture.waitFor(running, state: "cancelled")
                }
            }
        }

        @Test("what was done by hand, and supervisors of machines that are gone, are forgotten by themselves, too")
        func auditAndSupervisors() async throws {
            let settings: [String: JSONValue] = ["retention.audit": "10s", "retention.interval": "200ms"]
            try await AcodeFixture.with(settings: settings) { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    try await fixture.acode("queue", "pause", "spare").succeeded()
                    #expect(try await fixture.json("db", "audit").elements.count == 1)
                    let made = try await fixture.sqlite(
                        """
                        INSERT INTO supervisor (id, pool, host, pid, started_at, seen_at, installation)
                        SELECT 'gone', 'gone', 'gone', 1, started_at, seen_at - 8 * 86400000, 'gone' FROM supervisor
                        RETURNING id
                        """)
                    #expect(made == ["gone"])
                    try await eventually("the supervisor to be forgotten") {
                        try await fixture.sqlite("SELECT id FROM supervisor WHERE id = 'gone'").isEmpty
                    }
                    #expect(try await fixture.sqlite("SELECT count(*) FROM supervisor") == ["1"])
                    try await eventually("the pause to be forgotten", within: .seconds(40)) {
                        try await fixture.json("db", "audit").elements.isEmpty
                    }
                    // What is said of the queue stays.
                    let queues = try await fixture.json("queue", "list").elements
                    #expect(queues.contains { $0["queue"] == "spare" && $0["paused"] != .null }, "\(queues)")
                }
            }
        }

        @Test("by hand: what would go is told first, then goes with its logs, and who did it is known")
        func byHand() async throws {
            try await AcodeFixture.with(settings: ["queue.retry.maxAttempts": 1]) { fixture in
                var ids: [String] = []
                try await fixture.withSupervisor(.local) { _ in
                    for script in ["true", "exit 3", "true"] { ids.append(try await fixture.submitScript(script)) }
                    try await fixture.waitFor(ids[0], state: "complete")
                    try await fixture.waitFor(ids[1], state: "error")
                    try await fixture.waitFor(ids[2], state: "complete")
                }
                let waiting = try await fixture.submitScript("true")
                let young = try await fixture.json("db", "prune")
                #expect(young["tasks"]["complete"] == 0 && young["dryRun"] == false, "\(young)")
                let told = try await fixture.acode("db", "prune", "--older-than", "0s", "--dry-run").succeeded()
                #expect(told.text == "would forget 2 tasks (2 complete)\n", "\(told)")
                #expect(kinds(fixture, ids[0]) == ["logs"])
                let done = try await fixture.json("db", "prune", "--older-than", "0s", "--compact", "--reason", "tidy")
                #expect(done["tasks"]["complete"] == 2 && done["tasks"]["error"] == 0, "\(done)")
                #expect(done["directories"]["logs"] == 2, "\(done)")
                #expect(
                    try await fixture.tasks().compactMap { $0["id"].string }.sorted() == [ids[1], waiting].sorted())
                #expect(kinds(fixture, ids[0]).isEmpty && kinds(fixture, ids[1]) == ["logs"])
                let letters = try await fixture.acode("db", "prune", "--state", "error", "--older-than", "0")
                    .succeeded()
                #expect(letters.text.hasPrefix("forgot 1 task (1 error)"), "\(letters)")
                let audit = try await fixture.json("db", "audit").elements
                #expect(audit.map { $0["action"] } == ["prune", "prune", "prune"], "\(audit)")
                #expect(audit[1]["reason"] == "tidy" && audit[1]["command"] == "db prune", "\(audit)")
                #expect(audit[1]["uid"].int == Int(getuid()))
                for wrong in [["--state", "enqueued"], ["--state", "gone"], ["--older-than", "soon"]] {
                    #expect(try await fixture.acode(["db", "prune"] + wrong).code == 64, "\(wrong)")
                }
            }
        }

        @Test("who cancelled, retried, requeued, purged, paused and limited is on the timeline and in the record")
        func audit() async throws {
            try await AcodeFixture.with { fixture in
                let id = try await fixture.submitScript("true", ["--queue", "q"])
                try await fixture.acode("task", "cancel", id, "--reason", "not now").succeeded()
                try await fixture.acode("task", "retry", id, "--reason", "now").succeeded()
                try await fixture.acode("queue", "limit", "q", "2", "--reason", "small disk").succeeded()
                try await fixture.acode("queue", "pause", "q").succeeded()
                try await fixture.acode("queue", "resume", "q", "--reason", "done").succeeded()
                let events = try await fixture.json("task", "events", id).elements
                #expect(events.map { $0["kind"] } == ["submitted", "cancelled", "requeued"])
                let words = events.compactMap { $0["message"].string }
                #expect(words[1].hasPrefix("not now, by ") && words[2].hasSuffix(": now"), "\(words)")
                let audit = try await fixture.json("db", "audit", "--queue", "q").elements
                #expect(
                    audit.compactMap { $0["command"].string } == [
                        "queue resume", "queue pause", "queue limit", "task retry", "task cancel",
                    ])
                #expect(audit[4]["detail"] == "cancelled: not now" && audit[4]["reason"] == "not now", "\(audit[4])")
                #expect(audit[2]["detail"] == "at most 2 at once" && audit[2]["reason"] == "small disk", "\(audit[2])")
                #expect(try await fixture.json("db", "audit", "--task", id).elements.count == 2)
                let table = try await fixture.acode("db", "audit", "--limit", "1").succeeded()
                #expect(table.lines.count == 2 && table.text.contains("queue resume"), "\(table)")
                #expect(try await fixture.acode("db", "audit", "--task", "abc").code == 64)
            }
        }
    }
}
