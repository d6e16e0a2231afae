import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// Q-2, W-7: where nobody tells of tasks they are looked for: behind a pooler, and while the connection that hears is cut.
    @Suite("Listening", .timeLimit(.minutes(3)))
    struct Listening {
        /// Runs `body` with two installations on one database: one that has no supervisor, and one that has. Nothing but the
        /// database tells the second what the first does.
        private static func withMachines(
            _ name: String, _ settings: [String: JSONValue], client url: String,
            _ body: (_ client: AcodeFixture, SupervisorProcess, _ metrics: SupervisorCounters) async throws -> Void
        ) async throws {
            try await AcodeFixture.with("\(name)-client", settings: ["store.url": .string(url)]) { client in
                try await client.acode("db", "migrate").succeeded()
                try await AcodeFixture.with("\(name)-server", settings: settings) { server in
                    let counters = SupervisorCounters()
                    try await server.withSupervisor(.local, counters.options()) { supervisor in
                        try await body(client, supervisor, counters)
                    }
                }
            }
        }

        @Test(
            "behind a pooler tasks are heard of over a direct connection, and looked for where there is none",
            arguments: [("hybrid", true), ("events", false)])
        func pooler(mode: String, isDirect: Bool) async throws {
            try await TestDatabase.with { database in
                var settings: [String: JSONValue] = [
                    "store.url": .string(try database.pooledURL()), "queue.wakeups": .string(mode),
                    "queue.pollInterval": isDirect ? "60s" : "300ms", "queue.heartbeat": isDirect ? "40s" : "300ms",
                    "queue.lease": "90s",
                ]
                if isDirect { settings["store.listenUrl"] = .string(database.url) }
                // Also whoever submits, and makes the tables, does it by way of the pooler.
                let url = try database.pooledURL()
                let name = "pooler-\(mode)-\(isDirect)"
                try await Self.withMachines(name, settings, client: url) { client, supervisor, counters in
                    let words = isDirect ? "hearing of tasks" : "can't hear of tasks"
                    try await eventually("the words") { supervisor.process.errorText.contains(words) }
                    if !isDirect { #expect(supervisor.process.errorText.contains("pooler")) }
                    let run = try await client.submitAndWait([], ["true"])
                    #expect(run.code == 0 && run.elapsed < .seconds(20), "\(run)")
                    let id = try await client.submit([], ["sleep", "600"])
                    try await client.waitFor(id, state: "inProgress", within: .seconds(20))
                    try await client.acode("task", "cancel", id).succeeded()
                    try await client.waitFor(id, state: "cancelled", within: .seconds(20))
                    #expect(try await counters.value("acode_store_listening") == (isDirect ? 1 : 0))
                    let heard = try await counters.value(#"acode_store_wakeups_total{kind="ready"}"#)
                    #expect(isDirect ? heard >= 2 : heard <= 0)
                }
            }
        }

        @Test(
            "what is submitted while nothing is heard is looked for, and later heard of again",
            arguments: ["events", "hybrid"])
        func cut(mode: String) async throws {
            try await TestDatabase.with { database in
                let proxy = try FaultProxy(upstream: database.url)
                defer { proxy.stop() }
                let settings: [String: JSONValue] = [
                    "store.url": .string(database.url), "store.listenUrl": .string("\(proxy.url)?connect_timeout=2"),
                    "queue.wakeups": .string(mode), "queue.pollInterval": "200ms",
                ]
                let (name, url) = ("cut-\(mode)", database.url)
                try await Self.withMachines(name, settings, client: url) { client, supervisor, counters in
                    func listening(_ value: Int) async throws {
                        try await eventually("listening to be \(value)", within: .seconds(20)) {
                            try await counters.value("acode_store_listening") == value
                        }
                    }
                    try await listening(1)
                    proxy.refuse()
                    proxy.cutAll()
                    try await listening(0)
                    #expect(supervisor.process.errorText.contains("can't hear of tasks"))
                    let before = try await counters.value(#"acode_store_wakeups_total{kind="ready"}"#)
                    try await client.runScript("true").succeeded()
                    #expect(try await counters.value(#"acode_store_wakeups_total{kind="ready"}"#) == before)
                    proxy.pass()
                    try await listening(1)
                    // The word is under way for a while.
                    proxy.hold()
                    let id = try await client.submitScript("true")
                    if mode == "hybrid" {
                        try await client.waitFor(id, state: "complete")
                        #expect(try await counters.value("acode_store_listening") == 1)
                        #expect(try await counters.value(#"acode_store_wakeups_total{kind="ready"}"#) == before)
                        return proxy.pass()
                    }
                    try await Task.sleep(for: .milliseconds(1200))
                    #expect(try await client.task(id)["state"] == "enqueued")
                    proxy.pass()
                    try await client.waitFor(id, state: "complete")
                    #expect(try await counters.value(#"acode_store_wakeups_total{kind="ready"}"#) > before)
                }
            }
        }
    }
}
