import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Q-2, R-12: time is the database's, whatever a supervisor's machine takes it for.
    @Suite("A wrong clock", .timeLimit(.minutes(5)))
    struct WrongClock {
        private static let settings: [String: JSONValue] = [
            "queue.lease": "4s", "queue.heartbeat": "300ms", "queue.sweepInterval": "200ms",
            "queue.pollInterval": "200ms",
        ]

        @Test(
            "a supervisor whose clock is an hour wrong begins, holds and ends tasks when it should, beside one that is right",
            arguments: [3600, -3600])
        func shifted(by seconds: Int) async throws {
            try await TestDatabase.$isFixturesStore.withValue(true) {
                let own: [String: JSONValue] = ["queue.queues": ["wrong", "later"]]
                let settings = Self.settings.merging(own) { $1 }
                try await AcodeFixture.with("clock-wrong\(seconds)", settings: settings) { wrong in
                    let other = Self.settings.merging(try Postgres.store(of: wrong)) { $1 }
                        .merging(["queue.queues": ["right"]]) { $1 }
                    try await AcodeFixture.with("clock-right\(seconds)", settings: other) { right in
                        let counters = SupervisorCounters()
                        var options = counters.options(2)
                        options.environment = try await ClockShim(in: wrong.scratch, seconds: seconds).environment
                        try await wrong.withSupervisor(.local, options) { supervisor in
                            try await Self.isWrong(wrong, by: seconds)
                            try await Self.waiting(wrong)
                            try await right.withSupervisor(.local) { _ in try await Self.held(wrong, right) }
                            try await Self.queues(wrong, counters)
                            #expect(try await counters.value(#"acode_recovered_jobs_total{reason="stale"}"#) == 0)
                            #expect(!supervisor.process.errorText.contains("lease ran out"))
                        }
                    }
                }
            }
        }

        @Test(
            "a clock that is set forward and back while a task runs does it no harm, in a file and in PostgreSQL",
            arguments: [false, true])
        func moved(isInPostgres: Bool) async throws {
            try await TestDatabase.$isFixturesStore.withValue(isInPostgres) {
                try await AcodeFixture.with("clock-moved\(isInPostgres)", settings: Self.settings) { fixture in
                    let clock = try await ClockShim(in: fixture.scratch, seconds: 0)
                    let counters = SupervisorCounters()
                    var options = counters.options(2)
                    options.environment = clock.environment
                    try await fixture.withSupervisor(.local, options) { supervisor in
                        let gate = "\(fixture.scratch)/gate"
                        let id = try await fixture.submitScript(
                            "echo begun; until [ -e \(gate) ]; do sleep 0.05; done", ["--timeout", "90s"])
                        try await fixture.waitFor(id, toPrint: "begun")
                        for seconds in [3600, -3600, 0] {
                            try clock.move(to: seconds)
                            // Longer than a lease.
                            try await Task.sleep(for: .seconds(5))
                            #expect(try await fixture.task(id)["state"] == "inProgress")
                        }
                        try fixture.write("", to: gate)
                        let task = try await fixture.waitFor(id, state: "complete")
                        #expect(task["attempt"] == 1 && task["interruptions"] == 0, "\(task)")
                        let took = try #require(task["attempts"][0]["durationSeconds"].double)
                        #expect((15..<60).contains(took), "\(task)")
                        #expect(try await counters.value(#"acode_recovered_jobs_total{reason="stale"}"#) == 0)
                        #expect(!supervisor.process.errorText.contains("lease ran out"))
                        #expect(try await fixture.runScript("echo well").text == "well\n")
                    }
                }
            }
        }

        private static func seconds(_ value: JSONValue) -> Double {
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            return (value.string.flatMap { try? Date($0, strategy: style) } ?? .distantPast).timeIntervalSince1970
        }

        /// Else the test would show nothing.
        private static func isWrong(_ fixture: AcodeFixture, by shift: Int) async throws {
            let path = "\(fixture.runtimeDirectory)/\(fixture.pool)/control.sock"
            let status = try JSONValue(
                parsing: try await Curl.get("http://localhost/v1/status", socket: path).body.utf8)
            let offset = seconds(status["startedAt"]) - Date().timeIntervalSince1970
            #expect(abs(offset - Double(shift)) < 120, "\(status)")
        }

        /// Delays, time-outs, TTLs and cancellations.
        private static func waiting(_ fixture: AcodeFixture) async throws {
            try await fixture.acode("queue", "pause", "later").succeeded()
            let stale = try await fixture.submit(["--queue", "later", "--ttl", "1s"], ["true"])
            let fresh = try await fixture.submit(["--queue", "later", "--ttl", "30m"], ["true"])
            let delayed = try await fixture.submitAndWait(["--queue", "wrong", "--delay", "2s"], ["true"])
            #expect(delayed.code == 0 && (.seconds(2)..<(.seconds(20))).contains(delayed.elapsed), "\(delayed)")
            let late = try await fixture.submitAndWait(
                ["--queue", "wrong", "--timeout", "2s", "--retries", "0", "--name", "late"], ["sleep", "60"])
            #expect(late.code != 0 && (.seconds(2)..<(.seconds(20))).contains(late.elapsed), "\(late)")
            #expect(try await fixture.task(named: "late")["outcome"] == "timed_out")
            #expect(try await fixture.waitFor(stale, state: "error")["outcome"] == "expired")
            #expect(try await fixture.task(fresh)["state"] == "enqueued")
            try await fixture.acode("queue", "resume", "later").succeeded()
            try await fixture.waitFor(fresh, state: "complete")
            let unwanted = try await fixture.submit(["--queue", "wrong"], ["sleep", "600"])
            try await fixture.waitFor(unwanted, state: "inProgress")
            try await fixture.acode("task", "cancel", unwanted).succeeded()
            try await fixture.waitFor(unwanted, state: "cancelled")
        }

        /// Two tasks run for longer than a lease, each under the eyes of the other's supervisor.
        private static func held(_ wrong: AcodeFixture, _ right: AcodeFixture) async throws {
            let begun = Date().timeIntervalSince1970
            var ids: [String] = []
            for queue in ["wrong", "right"] { ids.append(try await wrong.submit(["--queue", queue], ["sleep", "9"])) }
            for id in ids {
                let task = try await wrong.waitFor(id, state: "complete")
                #expect(task["attempt"] == 1 && task["interruptions"] == 0, "\(task)")
                let took = try #require(task["attempts"][0]["durationSeconds"].double)
                #expect((8.9..<30).contains(took), "\(task)")
                let events = try await wrong.json("task", "events", id).elements
                #expect(
                    events.compactMap { $0["kind"].string } == ["submitted", "claimed", "started", "completed"],
                    "\(events)")
                let times = events.map { seconds($0["at"]) }
                #expect(times == times.sorted(), "\(events)")
                #expect(times.allSatisfy { abs($0 - begun) < 120 }, "\(events)")
            }
        }

        /// It sees itself, although it takes the time of its own row for long ago, or for the future.
        private static func queues(_ fixture: AcodeFixture, _ counters: SupervisorCounters) async throws {
            let body = try await Curl.get("http://127.0.0.1:\(counters.port)/queue/status").body
            let queue = try JSONValue(parsing: body.utf8)["queues"].elements.first { $0["queue"] == "wrong" } ?? .null
            #expect(queue["consumers"].elements.map { $0["pool"] } == [.string(fixture.pool)], "\(body)")
        }
    }
}
