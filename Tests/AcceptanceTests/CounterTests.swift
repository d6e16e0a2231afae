import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// R-11: what happens for real is what monitoring counts.
    @Suite("Counters", .timeLimit(.minutes(3)))
    struct Counters {
        private static let settings: [String: JSONValue] = [
            "queue.lease": "2s", "queue.heartbeat": "300ms", "queue.sweepInterval": "200ms", "queue.maxDeliveries": 2,
            "queue.retry.backoff": "10ms",
        ]

        /// The script of a task that a supervisor dies with.
        private static func hanging(_ guardian: String = "") -> String { "\(guardian)echo begun; sleep 600" }

        /// Runs a pool until the tasks have begun, and kills it in the middle.
        private static func die(
            _ fixture: AcodeFixture, _ options: PoolOptions, with ids: [String]
        ) async throws {
            try await fixture.withSupervisor(.local, options) { supervisor in
                for id in ids { try await fixture.waitFor(id, toPrint: "begun") }
                supervisor.process.send(SIGKILL)
                try await supervisor.process.waitForEnd(within: .seconds(5))
            }
        }

        @Test("tasks that were recovered are counted by the reason, and so are heartbeats, retries and what runs")
        func recovery() async throws {
            try await AcodeFixture.with(settings: Self.settings) { fixture in
                let exhausted = try await fixture.submitScript(Self.hanging(), ["--queue", "b"])
                try await Self.die(fixture, PoolOptions(), with: [exhausted])
                let counters = SupervisorCounters()
                var own = counters.options(2)
                own.flags += ["--queue", "a"]
                var other = PoolOptions(count: 3)
                other.pool = "\(fixture.pool)-b"
                other.flags += ["--queue", "b"]
                let once = "[ $ACODE_ATTEMPT = 1 ] || exit 0; "
                try await fixture.withSupervisor(.local, own) { _ in
                    func recovered(_ reason: String) async throws -> Int {
                        try await counters.value("acode_recovered_jobs_total{reason=\"\(reason)\"}")
                    }
                    #expect(try await recovered("restart") == 1)
                    let stale = try await fixture.submitScript(Self.hanging(once), ["--queue", "b"])
                    let cancelled = try await fixture.submitScript(Self.hanging(), ["--queue", "b"])
                    try await fixture.withSupervisor(.local, other) { supervisor in
                        for id in [exhausted, stale, cancelled] { try await fixture.waitFor(id, state: "inProgress") }
                        try await fixture.waitFor(stale, toPrint: "begun")
                        supervisor.process.send(SIGKILL)
                        try await supervisor.process.waitForEnd(within: .seconds(5))
                    }
                    try await fixture.acode("task", "cancel", cancelled).succeeded()
                    try await fixture.waitFor(cancelled, state: "cancelled")
                    let dead = try await fixture.waitFor(exhausted, state: "error")
                    #expect(dead["reason"].string?.hasPrefix("RETRIES_EXHAUSTED: ") == true, "\(dead)")
                    try await fixture.waitFor(stale, state: "enqueued")
                    for reason in ["stale", "retries_exhausted", "cancelled"] {
                        try await eventually(reason) { try await recovered(reason) == 1 }
                    }
                    #expect(try await recovered("restart") == 1)
                    #expect(try await counters.value(#"acode_dead_letters_total{code="lease_lost"}"#) == 1)
                    #expect(try await counters.value("acode_heartbeats_total") > 1)

                    let running = try await fixture.submitScript("echo begun; sleep 600", ["--queue", "a"])
                    try await fixture.waitFor(running, toPrint: "begun")
                    #expect(try await counters.value("acode_worker_concurrent_jobs") == 1)
                    let retried = try await fixture.runScript(
                        "[ $ACODE_ATTEMPT = 2 ] || exit 3", ["--queue", "a", "--retries", "1"])
                    #expect(retried.code == 0, "\(retried)")
                    #expect(try await counters.value(#"acode_retry_attempts_total{code="failed"}"#) == 1)
                    #expect(try await counters.value(#"acode_dead_letters_total{code="failed"}"#) == 0)
                    try await fixture.acode("task", "cancel", running).succeeded()
                    try await fixture.waitFor(running, state: "cancelled")
                    try await eventually("the gauge") {
                        try await counters.value("acode_worker_concurrent_jobs") == 0
                    }
                }
                // The other pool's own next start clears up after it.
                try await fixture.withSupervisor(.local, other) { _ in }
            }
        }

        @Test("a queue whose tasks end through no fault of theirs has fewer at once, and it is counted how often")
        func adaptive() async throws {
            let settings: [String: JSONValue] = [
                "queue.adaptive": true, "queue.retry.backoff": "10ms",
                "queue.retry.rules": [["exitCode": 9, "then": "infrastructure"]],
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                let running = try fixture.openDirectory("running")
                let begun = try fixture.openDirectory("begun")
                // The first attempts end when all have begun, so that all of them have the one cause.
                let script = """
                    touch \(begun)/$ACODE_TASK_ID
                    if [ $ACODE_ATTEMPT = 1 ]; then until [ $(ls \(begun) | wc -l) = 4 ]; do sleep 0.02; done; exit 9; fi
                    touch \(running)/$ACODE_TASK_ID; sleep 0.4; ls \(running) | wc -l; rm \(running)/$ACODE_TASK_ID
                    """
                let counters = SupervisorCounters()
                try await fixture.withSupervisor(.local, counters.options(4)) { _ in
                    var ids: [String] = []
                    for _ in 1...4 { ids.append(try await fixture.submitScript(script)) }
                    for id in ids {
                        #expect(try await fixture.waitFor(id, state: "complete")["attempt"] == 2)
                        let beside = try await fixture.acode("task", "logs", id).text
                        #expect(Int(beside.trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 <= 2 } == true)
                    }
                    #expect(try await counters.value("acode_queue_concurrency_cuts_total") == 1)
                }
            }
        }

        private static func sql(_ text: String, _ url: String) async throws -> [String] {
            try await ChildProcess.tool(
                ProcessPlan("/usr/bin/psql", ["-XqAt", "-d", url, "-c", text]), within: .seconds(10)
            ).lines
        }

        @Test("a claim that found only what another one was just taking is counted")
        func conflicts() async throws {
            try await TestDatabase.$isFixturesStore.withValue(true) {
                try await AcodeFixture.with(settings: ["queue.pollInterval": "100ms"]) { fixture in
                    let url = try Postgres.store(of: fixture)["store.url"]?.string ?? ""
                    let counters = SupervisorCounters()
                    try await fixture.withSupervisor(.local, counters.options()) { _ in
                        try await fixture.acode("queue", "pause", "default").succeeded()
                        let id = try await fixture.submitScript("true")
                        // Somebody has the task's row, as another claim does for a moment.
                        let hold = "BEGIN; SELECT 1 FROM acode.ready FOR UPDATE; SELECT pg_sleep(30)"
                        let plan = ProcessPlan("/usr/bin/psql", ["-XqAt", "-d", url, "-c", hold])
                        let sleepers =
                            "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
                        _ = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(5)) { _ in
                            try await eventually("the row to be held") {
                                try await Self.sql("SELECT count(*) \(sleepers)", url) == ["1"]
                            }
                            try await fixture.acode("queue", "resume", "default").succeeded()
                            try await eventually("a conflict") {
                                try await counters.value("acode_acquire_conflicts_total") > 0
                            }
                            // A server does not look whether a client that sleeps is still there.
                            _ = try await Self.sql("SELECT pg_terminate_backend(pid) \(sleepers)", url)
                        }
                        try await fixture.waitFor(id, state: "complete")
                    }
                }
            }
        }
    }
}
