import Foundation
import Glibc
import TestSupport
import Testing

extension Acceptance {
    /// W-8: the database's server is slow to answer, ends sessions, or has no room, and is well again by itself.
    @Suite("PostgreSQL in trouble", .timeLimit(.minutes(5)))
    struct PostgresTrouble {
        private static let impatient: [String: JSONValue] = [
            "store.timeout": "1s", "queue.heartbeat": "300ms", "queue.sweepInterval": "200ms",
            "queue.pollInterval": "200ms", "workers.stopTimeout": "1s",
        ]

        private static func with(
            _ name: String, _ url: String, lease: JSONValue, _ body: (AcodeFixture) async throws -> Void
        ) async throws {
            let settings = impatient.merging(["store.url": .string(url), "queue.lease": lease]) { $1 }
            try await AcodeFixture.with("trouble-\(name)", settings: settings, body)
        }

        /// What a supervisor says of itself.
        private static func listening(_ count: Int, _ port: UInt16) -> PoolOptions {
            var options = PoolOptions(count: count)
            options.flags += ["--listen", "127.0.0.1:\(port)"]
            return options
        }

        private static func metric(_ name: String, _ port: UInt16) async throws -> Int {
            let lines = try await Curl.get("http://127.0.0.1:\(port)/metrics").body.split(separator: "\n")
            return lines.first { $0.hasPrefix(name + " ") }.flatMap { Int($0.dropFirst(name.count + 1)) } ?? -1
        }

        /// Who answers nothing: the way to the server, or all processes of the server.
        enum Silence: String, CaseIterable, CustomTestStringConvertible {
            case link, server

            var testDescription: String { rawValue }

            /// A database, its URL, and what makes it silent and ends that.
            struct Place {
                let url: String
                let hold: () async throws -> Void
                let pass: () async throws -> Void
            }

            func with(_ body: (Place) async throws -> Void) async throws {
                switch self {
                case .link:
                    try await TestDatabase.with { database in
                        let proxy = try FaultProxy(upstream: database.url)
                        defer { proxy.stop() }
                        try await body(Place(url: proxy.url, hold: { proxy.hold() }, pass: { proxy.pass() }))
                    }
                case .server:
                    try await PostgresInstance.with { server in
                        try await TestDatabase.with(server: server.url) { database in
                            let place = Place(
                                url: database.url, hold: { try await server.control("pause") },
                                pass: { try await server.control("resume") })
                            let outcome: Result<Void, any Error>
                            do { outcome = .success(try await body(place)) } catch { outcome = .failure(error) }
                            // Else nobody could remove the database.
                            try await server.control("resume")
                            try outcome.get()
                        }
                    }
                }
            }
        }

        @Test(
            "a server that answers nothing for many heartbeats, but for less than a lease, interrupts no task",
            arguments: Silence.allCases)
        func shortPause(_ silence: Silence) async throws {
            try await silence.with { place in
                // As little as libpq can do.
                try await Self.with("pause", "\(place.url)?connect_timeout=2", lease: "60s") { fixture in
                    try await fixture.acode("db", "migrate").succeeded()
                    let port = Loopback.freePort()
                    try await fixture.withSupervisor(.local, Self.listening(2, port)) { supervisor in
                        let ids = try await Self.begin(fixture, ["ends", "goes-on"])
                        try await place.hold()
                        try fixture.write("", to: "\(fixture.scratch)/ends")
                        try await eventually("the warning") { supervisor.process.errorText.contains("heartbeats fail") }
                        let away = try await fixture.acode("task", "list")
                        #expect(away.code == 69 && away.elapsed < .seconds(15), "\(away)")
                        #expect(try await Self.metric("acode_heartbeat_failures_total", port) > 3)
                        #expect(try await Self.metric("acode_store_failures_total", port) > 0)
                        try await place.pass()
                        try await fixture.waitFor(ids[0], state: "complete")
                        try await eventually("the heartbeats") {
                            supervisor.process.errorText.contains("heartbeats work again")
                        }
                        try fixture.write("", to: "\(fixture.scratch)/goes-on")
                        try await fixture.waitFor(ids[1], state: "complete")
                        for id in ids {
                            let task = try await fixture.task(id)
                            #expect(task["attempt"] == 1 && task["interruptions"] == 0, "\(task)")
                        }
                    }
                }
            }
        }

        /// Submits tasks that each run until a file of their name is there.
        private static func begin(_ fixture: AcodeFixture, _ files: [String]) async throws -> [String] {
            var ids: [String] = []
            for file in files {
                ids.append(
                    try await fixture.submitScript(
                        "echo begun; until [ -e \(fixture.scratch)/\(file) ]; do sleep 0.02; done"))
            }
            for id in ids { try await fixture.waitFor(id, toPrint: "begun") }
            return ids
        }

        @Test("cut off for longer than its lease, a supervisor stops the task that another one runs again")
        func longPause() async throws {
            try await TestDatabase.with { database in
                let proxy = try FaultProxy(upstream: database.url)
                defer { proxy.stop() }
                try await Self.with("cut-off", proxy.url, lease: "2s") { first in
                    try await first.acode("db", "migrate").succeeded()
                    try await Self.with("other", database.url, lease: "2s") { second in
                        try await first.withSupervisor(.local) { supervisor in
                            // Whoever runs it holds a lock, which ends with the process. On a busy machine that may take
                            // a moment after the signal.
                            let script = """
                                exec 9>\(first.scratch)/lock; flock -w 20 9 || echo overlap >> \(first.scratch)/overlap
                                echo $ACODE_ATTEMPT >> \(first.scratch)/ran; echo begun
                                [ $ACODE_ATTEMPT = 1 ] || exit 0
                                trap 'exit 3' TERM; while :; do sleep 0.02 9>&-; done
                                """
                            let id = try await first.submitScript(script)
                            try await first.waitFor(id, toPrint: "begun")
                            try await second.withSupervisor(.local) { _ in
                                proxy.hold()
                                let task = try await second.waitFor(id, state: "complete")
                                #expect(task["attempt"] == 2, "\(task)")
                            }
                            #expect(supervisor.process.errorText.contains("a lease ran out without being renewed"))
                            proxy.pass()
                            #expect(try await first.runScript("echo well").text == "well\n")
                            let kinds = try await first.json("task", "events", id).elements.compactMap {
                                $0["kind"].string
                            }
                            #expect(
                                kinds.count { $0 == "completed" } == 1 && kinds.contains("requeued:stale"), "\(kinds)")
                        }
                        let ran = try String(contentsOfFile: "\(first.scratch)/ran", encoding: .utf8)
                        #expect(ran == "1\n2\n")
                        #expect(!FileManager.default.fileExists(atPath: "\(first.scratch)/overlap"))
                    }
                }
            }
        }

        @Test("sessions that are ended again and again lose no task, and none runs twice")
        func endedSessions() async throws {
            try await TestDatabase.with { database in
                try await Self.with("sessions", database.url, lease: "5s") { fixture in
                    try await fixture.acode("db", "migrate").succeeded()
                    let tasks = (1...60).map {
                        "- {name: n\($0), command: [sh, -c, 'echo $ACODE_TASK_ID >> \(fixture.scratch)/ran; sleep 0.2']}"
                    }
                    let file = try fixture.file("many.yaml", "tasks:\n" + tasks.joined(separator: "\n") + "\n")
                    try await fixture.withSupervisor(.local, PoolOptions(count: 3)) { first in
                        var options = PoolOptions(count: 3)
                        options.pool = "\(fixture.pool)-b"
                        try await fixture.withSupervisor(.local, options) { second in
                            try await fixture.acode("task", "submit", "-q", "--file", file).succeeded()
                            try await database.sql(
                                """
                                DO $$ BEGIN FOR n IN 1..30 LOOP
                                    PERFORM pg_stat_clear_snapshot();
                                    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
                                        WHERE datname = current_database() AND pid <> pg_backend_pid();
                                    PERFORM pg_sleep(0.03 + 0.2 * random());
                                END LOOP; END $$
                                """)
                            try await Self.checkEachRanOnce(fixture, 60)
                            for supervisor in [first, second] {
                                #expect(supervisor.process.errorText.contains("can't hear of tasks"))
                                #expect(!supervisor.process.hasEnded)
                            }
                            // Nobody would tell otherwise.
                            #expect(try await fixture.runScript("echo well").text == "well\n")
                        }
                    }
                }
            }
        }

        private static func checkEachRanOnce(_ fixture: AcodeFixture, _ count: Int) async throws {
            try await eventually("all to finish", within: .seconds(60), every: .milliseconds(200)) {
                try await fixture.tasks().allSatisfy { $0["state"] == "complete" }
            }
            let all = try await fixture.tasks()
            let ran = try String(contentsOfFile: "\(fixture.scratch)/ran", encoding: .utf8).split(separator: "\n")
            #expect(all.count == count && ran.count == count)
            #expect(Set(ran.map(String.init)) == Set(all.compactMap { $0["id"].string }))
        }

        @Test(
            "a server whose disk is full: ends are kept here, the reason is told, and they are written once there is room"
        )
        func fullDisk() async throws {
            try await PostgresInstance.with { server in
                let disk = "\(server.directory)-disk"
                try await Self.tool("/usr/bin/install", ["-d", "-o", "postgres", "-m", "0700", disk])
                try await Self.tool("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=64m,mode=0700", "acode-test", disk])
                let outcome: Result<Void, any Error>
                do {
                    try await Self.tool("/usr/bin/chown", ["postgres", disk])
                    // New databases are made where this one is.
                    for sql in [
                        "CREATE TABLESPACE small LOCATION '\(disk)'", "ALTER DATABASE template1 SET TABLESPACE small",
                    ] { try await Self.tool("/usr/bin/psql", ["-Xqd", server.url, "-c", sql]) }
                    outcome = .success(
                        try await TestDatabase.with(server: server.url) { try await Self.fill(disk, $0) })
                } catch { outcome = .failure(error) }
                try await server.control("halt")
                try await Self.tool("/usr/bin/umount", [disk])
                rmdir(disk)
                try outcome.get()
            }
        }

        private static func tool(_ program: String, _ arguments: [String]) async throws {
            _ = try await ChildProcess.tool(ProcessPlan(program, arguments), within: .seconds(30))
        }

        private static func fill(_ disk: String, _ database: TestDatabase) async throws {
            try await with("full-disk", database.url, lease: "60s") { fixture in
                try await fixture.acode("db", "migrate").succeeded()
                let port = Loopback.freePort()
                try await fixture.withSupervisor(.local, listening(2, port)) { supervisor in
                    var ids: [String] = []
                    for _ in 1...2 {
                        // More than the pages that are there have room for.
                        let script = """
                            echo begun; until [ -e \(fixture.scratch)/go ]; do sleep 0.02; done
                            echo $ACODE_TASK_ID >> \(fixture.scratch)/ran
                            printf '"%s"' "$(head -c 40000 /dev/urandom | base64 -w0)" > $ACODE_RESULT_FILE
                            """
                        ids.append(try await fixture.submitScript(script))
                    }
                    for id in ids { try await fixture.waitFor(id, toPrint: "begun") }
                    let filler = ProcessPlan("/usr/bin/dd", ["if=/dev/zero", "of=\(disk)/filler", "bs=64k"])
                    _ = try? await ChildProcess.tool(filler, within: .seconds(30))
                    let big = try fixture.file(
                        "big", String((0..<200_000).map { _ in "0123456789abcdef".randomElement()! }))
                    let refused = try await fixture.acode("task", "submit", "--stdin-file", big, "--", "cat")
                    #expect(refused.code == 69 && refused.errorText.contains("free some space"), "\(refused)")
                    try fixture.write("", to: "\(fixture.scratch)/go")
                    try await eventually("two ends to be kept") {
                        try await metric("acode_results_kept_total", port) == 2
                    }
                    try await eventually("the reason") {
                        supervisor.process.errorText.contains("No space left on device")
                    }
                    unlink("\(disk)/filler")
                    try await checkEachRanOnce(fixture, 2)
                    for id in ids { #expect(try await fixture.task(id)["attempt"] == 1) }
                    #expect(try await fixture.runScript("echo well").text == "well\n")
                }
            }
        }
    }
}
