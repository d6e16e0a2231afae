import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Q-2, R-2, R-3: how long a task may be held, what is done about those that nobody holds, and in which order they come.
    @Suite("Leases", .timeLimit(.minutes(3)))
    struct Leases {
        @Test("an attempt ends with its longest lease, by name of the setting; a longer time-out of its own counts")
        func longest() async throws {
            let settings: [String: JSONValue] = [
                "queue.maxLease": "2s", "queue.defaultTimeout": "none", "queue.lease": "2s", "queue.heartbeat": "300ms",
                "queue.sweepInterval": "100ms",
                "workers.stopTimeout": "1s",
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                try await fixture.withSupervisor(.local, PoolOptions(count: 2)) { _ in
                    let own = try await fixture.submitScript("sleep 3.5; echo whole", ["--timeout", "30s"])
                    let run = try await fixture.runScript("trap '' TERM; sleep 60", ["--retries", "0"])
                    #expect(run.code != 0)
                    let task = try await fixture.tasks().first { $0["id"].string != own } ?? .null
                    #expect(task["outcome"] == "timed_out", "\(task)")
                    #expect(task["reason"].string?.contains("queue.maxLease") == true, "\(task)")
                    let kinds = try await fixture.json("task", "events", task["id"].string ?? "").elements
                        .compactMap { $0["kind"].string }
                    #expect(kinds.contains("stop_requested") && !kinds.contains("requeued:stale"), "\(kinds)")
                    #expect(try await fixture.waitFor(own, state: "complete")["attempt"] == 1)
                }
            }
        }

        @Test("what nobody holds any more stays where it is while recovery only observes, and goes back when it acts")
        func recovery() async throws {
            let settings: [String: JSONValue] = [
                "queue.lease": "2s", "queue.heartbeat": "300ms", "queue.sweepInterval": "200ms",
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                var id = ""
                try await fixture.withSupervisor(.local) { supervisor in
                    id = try await fixture.submitScript("[ $ACODE_ATTEMPT = 1 ] || exit 0; echo begun; sleep 600")
                    try await fixture.waitFor(id, toPrint: "begun")
                    supervisor.process.send(SIGKILL)
                    try await supervisor.process.waitForEnd(within: .seconds(5))
                }
                let counters = SupervisorCounters()
                var other = counters.options()
                other.pool = "\(fixture.pool)-b"
                other.environment["ACODE_QUEUE_RECOVERY"] = "observe"
                try await fixture.withSupervisor(.local, other) { supervisor in
                    try await eventually("the words") { supervisor.process.errorText.contains("would recover") }
                    #expect(supervisor.process.errorText.contains(id))
                    try await Task.sleep(for: .milliseconds(600))
                    #expect(try await fixture.task(id)["state"] == "inProgress")
                    let words = supervisor.process.errorText.components(separatedBy: "would recover").count - 1
                    #expect(words == 1)
                    #expect(try await counters.value(#"acode_recovery_observed_total{reason="stale"}"#) == 1)
                    #expect(try await counters.value(#"acode_recovered_jobs_total{reason="stale"}"#) == 0)
                }
                other.environment["ACODE_QUEUE_RECOVERY"] = "enforce"
                try await fixture.withSupervisor(.local, other) { _ in
                    let task = try await fixture.waitFor(id, state: "complete")
                    #expect(task["attempt"] == 2)
                }
                // The pool's own next start clears up after the first supervisor.
                try await fixture.withSupervisor(.local) { _ in }
            }
        }

        @Test("queues are taken from in proportion to their weights, and none starves")
        func weights() async throws {
            let settings: [String: JSONValue] = [
                "queue.queues": ["heavy", "light"], "queue.weights": ["heavy": 3], "queue.pollInterval": "60s",
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                for queue in ["heavy", "light"] {
                    let tasks = (1...8).map { _ in
                        "- {queue: \(queue), command: [sh, -c, 'echo \(queue) >> \(fixture.scratch)/order']}"
                    }
                    let file = try fixture.file("\(queue).yaml", "tasks:\n" + tasks.joined(separator: "\n") + "\n")
                    try await fixture.acode("task", "submit", "--file", file).succeeded()
                }
                try await fixture.withSupervisor(.local) { _ in
                    try await eventually("all to finish", every: .milliseconds(100)) {
                        try await fixture.tasks().allSatisfy { $0["state"] == "complete" }
                    }
                }
                let order = try String(contentsOfFile: "\(fixture.scratch)/order", encoding: .utf8).split(
                    separator: "\n")
                #expect(order.count == 16)
                for end in [4, 8] {
                    #expect(abs(order.prefix(end).count { $0 == "light" } - end / 4) <= 1, "\(order)")
                }
            }
        }

        @Test("heartbeats that fail are told once, and so is that they work again")
        func heartbeats() async throws {
            let settings: [String: JSONValue] = ["queue.heartbeat": "100ms", "queue.lease": "60s"]
            try await AcodeFixture.with(settings: settings) { fixture in
                try await fixture.withSupervisor(.local) { supervisor in
                    let file = "\(fixture.stateDirectory)/acode.sqlite"
                    // Writes fail at once where a trigger refuses them, and reads do not.
                    for statement in [
                        "CREATE TRIGGER refuse BEFORE UPDATE ON supervisor BEGIN SELECT RAISE(ABORT, 'no'); END",
                        "DROP TRIGGER refuse",
                    ] {
                        let script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(sys.argv[2])"
                        let plan = ProcessPlan("/usr/bin/python3", ["-c", script, file, statement])
                        _ = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(5)) { process in
                            try await process.waitForEnd(within: .seconds(10))
                        }
                        let words = statement.hasPrefix("CREATE") ? "heartbeats fail" : "heartbeats work again"
                        try await eventually(words) { supervisor.process.errorText.contains(words) }
                        try await Task.sleep(for: .milliseconds(400))
                    }
                    let told = supervisor.process.errorText.components(separatedBy: "heartbeats fail")
                    #expect(told.count == 2)
                }
            }
        }
    }
}
