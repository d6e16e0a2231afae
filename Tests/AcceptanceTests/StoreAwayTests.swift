import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// tasks that end while the store can't be written.
    @Suite("Store away", .timeLimit(.minutes(5)))
    struct StoreAway {
        /// Keeps the database locked, as a backup or a person with a shell may, while `body` runs.
        private static func locking(_ fixture: AcodeFixture, _ body: () async throws -> Void) async throws {
            if TestDatabase.isFixturesStore { return try await lockingTable(fixture, body) }
            let file = "\(fixture.stateDirectory)/acode.sqlite"
            let mark = "\(fixture.scratch)/locked"
            let script = """
                import sqlite3, sys, time
                held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
                held.execute("BEGIN EXCLUSIVE")
                open(sys.argv[2], "w").close()
                time.sleep(120)
                """
            let plan = ProcessPlan("/usr/bin/python3", ["-c", script, file, mark])
            _ = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(5)) { process in
                try await eventually("the lock") { FileManager.default.fileExists(atPath: mark) }
                try await body()
                process.send(SIGKILL)
                try await process.waitForEnd(within: .seconds(5))
            }
            try FileManager.default.removeItem(atPath: mark)
        }

        private static func lockingTable(_ fixture: AcodeFixture, _ body: () async throws -> Void) async throws {
            let text = try Data(contentsOf: URL(fileURLWithPath: fixture.configuration))
            let url = try JSONValue(parsing: [UInt8](text))["store"]["url"].string ?? ""
            func sql(_ text: String) async throws -> String {
                try await ChildProcess.tool(
                    ProcessPlan("/usr/bin/psql", ["-XqAt", "-d", url, "-c", text]), within: .seconds(30)
                ).text.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            let holding = "BEGIN; LOCK TABLE acode.lease IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(120)"
            let plan = ProcessPlan("/usr/bin/psql", ["-XqAt", "-d", url, "-c", holding])
            _ = try await ChildProcess.with(plan, logs: fixture.logs, grace: .seconds(5)) { process in
                try await eventually("the lock") {
                    try await sql(
                        "SELECT count(*) FROM pg_locks WHERE relation = 'acode.lease'::regclass AND granted"
                            + " AND mode = 'AccessExclusiveLock'") == "1"
                }
                try await body()
                // A server does not look whether a client that waits is still there.
                _ = try await sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE acode.l%'"
                )
                try await process.waitForEnd(within: .seconds(10))
            }
        }

        private static func kept(_ fixture: AcodeFixture) -> [String] {
            let directory = "\(fixture.stateDirectory)/results/\(fixture.pool)"
            return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter {
                $0.hasSuffix(".json")
            }
        }

        /// Submits tasks that note their id once `go` is there, and waits until they all run.
        private static func begin(_ count: Int, _ fixture: AcodeFixture, ending: String = "exit 0") async throws
            -> [String]
        {
            var ids: [String] = []
            for _ in 1...count {
                let script = """
                    echo begun; until [ -e \(fixture.scratch)/go ]; do sleep 0.02; done
                    echo $ACODE_TASK_ID >> \(fixture.scratch)/ran; \(ending)
                    """
                ids.append(try await fixture.submitScript(script, ["--retries", "0"]))
            }
            for id in ids { try await fixture.waitFor(id, toPrint: "begun") }
            return ids
        }

        private static func check(_ fixture: AcodeFixture, _ ids: [String], state: String) async throws {
            for id in ids {
                let task = try await fixture.waitFor(id, state: state)
                #expect(task["attempt"] == 1, "\(task)")
                let kinds = try await fixture.json("task", "events", id).elements.compactMap { $0["kind"].string }
                let last = state == "complete" ? "completed" : "dead_lettered"
                #expect(kinds.count { $0 == last } == 1 && kinds.last == last, "\(kinds)")
                #expect(kinds.count { $0 == "started" } == 1, "\(kinds)")
            }
            let ran = try String(contentsOfFile: "\(fixture.scratch)/ran", encoding: .utf8).split(separator: "\n")
            #expect(ran.map(String.init).sorted() == ids.sorted())
            try await eventually("nothing to be kept any more") { kept(fixture).isEmpty }
        }

        @Test(
            "ends that the store can't take outlive a SIGKILL of the supervisor, and are written once by the next one")
        func killed() async throws {
            // The lease is long, so that nobody else can have given the tasks back.
            let settings: [String: JSONValue] = ["queue.lease": "10m", "queue.heartbeat": "500ms"]
            try await AcodeFixture.with(settings: settings) { fixture in
                var ids: [String] = []
                try await fixture.withSupervisor(.local, PoolOptions(count: 3)) { supervisor in
                    // What is said meanwhile can't be written, but how far a task had come is told with its end.
                    ids = try await Self.begin(3, fixture, ending: "acode-agent progress 93; exit 7")
                    try await Self.locking(fixture) {
                        try fixture.write("", to: "\(fixture.scratch)/go")
                        // Nor do the ends wait for what can't be written of the progress.
                        try await eventually("three ends on the disk", within: .seconds(8)) {
                            Self.kept(fixture).count == 3
                        }
                        supervisor.process.send(SIGKILL)
                        try await supervisor.process.waitForEnd(within: .seconds(5))
                    }
                }
                // What a supervisor sent to a server may be done after its death; then it is not done again.
                if !TestDatabase.isFixturesStore {
                    for id in ids { #expect(try await fixture.task(id)["state"] == "inProgress") }
                }
                let counters = SupervisorCounters()
                try await fixture.withSupervisor(.local, counters.options(3)) { _ in
                    try await Self.check(fixture, ids, state: "error")
                    #expect(try await counters.value("acode_results_delivered_late_total") == 3)
                    for id in ids {
                        let task = try await fixture.task(id)
                        #expect(task["exitCode"] == 7 && task["progress"] == 93, "\(task)")
                    }
                }
            }
        }

        @Test("the supervisor itself writes them when the store is back, although the leases had run out")
        func back() async throws {
            let settings: [String: JSONValue] = [
                "queue.lease": "2s", "queue.heartbeat": "200ms", "queue.sweepInterval": "200ms",
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                try await fixture.withSupervisor(.local, PoolOptions(count: 2)) { supervisor in
                    let ids = try await Self.begin(2, fixture)
                    try await Self.locking(fixture) {
                        try fixture.write("", to: "\(fixture.scratch)/go")
                        try await eventually("two ends on the disk") { Self.kept(fixture).count == 2 }
                        try await Task.sleep(for: .milliseconds(2500))
                    }
                    try await Self.check(fixture, ids, state: "complete")
                    #expect(try await fixture.runScript("echo unharmed").text == "unharmed\n")
                }
            }
        }

        @Test("an end whose task was given to another pool meanwhile is refused, told and forgotten")
        func refused() async throws {
            let settings: [String: JSONValue] = [
                "queue.lease": "2s", "queue.heartbeat": "200ms", "queue.sweepInterval": "200ms",
            ]
            try await AcodeFixture.with(settings: settings) { fixture in
                var id = ""
                try await fixture.withSupervisor(.local) { supervisor in
                    id = try await Self.begin(1, fixture, ending: "exit 7")[0]
                    try await Self.locking(fixture) {
                        try fixture.write("", to: "\(fixture.scratch)/go")
                        try await eventually("the end on the disk") { Self.kept(fixture).count == 1 }
                        supervisor.process.send(SIGKILL)
                        try await supervisor.process.waitForEnd(within: .seconds(5))
                    }
                }
                var other = PoolOptions()
                other.pool = "\(fixture.pool)-b"
                try await fixture.withSupervisor(.local, other) { _ in
                    let task = try await fixture.waitFor(id, state: "error", within: .seconds(20))
                    #expect(task["attempt"] == 2)
                }
                let counters = SupervisorCounters()
                try await fixture.withSupervisor(.local, counters.options()) { supervisor in
                    #expect(Self.kept(fixture).isEmpty)
                    #expect(try await counters.value("acode_results_discarded_total") == 1)
                    let events = try await fixture.json("task", "events", id).elements
                    let told = events.filter { $0["kind"] == "result_discarded" }
                    #expect(told.count == 1 && told.first?["attempt"] == 1, "\(events)")
                    #expect(told.first?["message"].string?.contains("exited with code 7") == true)
                    #expect(try await fixture.task(id)["attempt"] == 2)
                    #expect(supervisor.process.errorText.contains("counts for nothing"))
                }
            }
        }
    }
}
