import TestSupport
import Testing

extension Acceptance {
    /// Q-2, W-7: supervisors hear through the database of what other machines do.
    @Suite("Wake-ups", .timeLimit(.minutes(5)))
    struct Wakeups {
        /// Runs `body` with two installations on one database: one that has no supervisor, and one that has. Nothing but the
        /// database tells the second what the first does.
        private func withMachines(
            _ settings: [String: JSONValue], _ body: (AcodeFixture, SupervisorProcess) async throws -> Void
        ) async throws {
            try await TestDatabase.$isFixturesStore.withValue(true) {
                try await AcodeFixture.with("wakeups-client") { client in
                    let store = try Postgres.store(of: client)
                    try await AcodeFixture.with("wakeups-server", settings: settings.merging(store) { $1 }) { server in
                        try await server.withSupervisor(.local) { supervisor in try await body(client, supervisor) }
                    }
                }
            }
        }

        @Test(
            "a task that another machine submits, and its cancellation, are noticed long before the next look",
            arguments: ["hybrid", "events"])
        func heard(mode: JSONValue) async throws {
            let rare: [String: JSONValue] = [
                "queue.wakeups": mode, "queue.pollInterval": "60s", "queue.heartbeat": "40s", "queue.lease": "90s",
            ]
            try await withMachines(rare) { client, _ in
                let run = try await client.submitAndWait([], ["true"])
                #expect(run.code == 0 && run.elapsed < .seconds(20), "\(run)")
                let id = try await client.submit([], ["sleep", "600"])
                try await eventually("it to run", within: .seconds(20)) {
                    try await client.task(id)["startedAt"] != .null
                }
                try await client.acode("task", "cancel", id).succeeded()
                try await eventually("it to stop", within: .seconds(20)) {
                    try await client.task(id)["state"] == "cancelled"
                }
            }
        }

        @Test("with events alone a delayed task runs when it is due")
        func due() async throws {
            try await withMachines(["queue.wakeups": "events", "queue.pollInterval": "100ms"]) { client, _ in
                let run = try await client.submitAndWait(["--delay", "1s"], ["true"])
                #expect(run.code == 0 && run.elapsed < .seconds(20), "\(run)")
            }
        }

        @Test("with polling alone nobody listens, and tasks are found all the same")
        func polling() async throws {
            try await withMachines(["queue.wakeups": "polling", "queue.pollInterval": "100ms"]) { client, supervisor in
                let run = try await client.submitAndWait([], ["true"])
                #expect(run.code == 0, "\(run)")
                #expect(!supervisor.process.errorText.contains("hearing of tasks"))
            }
        }
    }
}
