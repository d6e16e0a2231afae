import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// R-1, W-8: the way to the database is slow, or leads to another server.
    @Suite("Store far away", .timeLimit(.minutes(3)))
    struct StoreFarAway {
        /// An installation whose store is behind `url`, and one without a supervisor that reaches it directly.
        private static func withTwo(
            _ name: String, far url: String, near: TestDatabase, _ settings: [String: JSONValue],
            _ body: (_ far: AcodeFixture, _ near: AcodeFixture) async throws -> Void
        ) async throws {
            let direct: [String: JSONValue] = ["store.url": .string(near.url)]
            try await AcodeFixture.with("\(name)-near", settings: settings.merging(direct) { $1 }) { near in
                try await near.acode("db", "migrate").succeeded()
                let distant: [String: JSONValue] = ["store.url": .string(url)]
                try await AcodeFixture.with("\(name)-far", settings: settings.merging(distant) { $1 }) { far in
                    try await body(far, near)
                }
            }
        }

        @Test("a slow network costs no lease: each task runs once, and a cancellation arrives")
        func slow() async throws {
            let settings: [String: JSONValue] = [
                "queue.lease": "5s", "queue.heartbeat": "500ms", "queue.sweepInterval": "200ms", "store.timeout": "15s",
            ]
            try await TestDatabase.with { database in
                let proxy = try FaultProxy(upstream: database.url)
                defer { proxy.stop() }
                try await Self.withTwo("slow", far: proxy.url, near: database, settings) { far, near in
                    let counters = SupervisorCounters()
                    var options = counters.options(4)
                    options.flags += ["--queue", "far"]
                    var other = PoolOptions()
                    other.flags += ["--queue", "near"]
                    try await far.withSupervisor(.local, options) { supervisor in
                        proxy.delay(.milliseconds(200))
                        proxy.slow(bytesPerSecond: 20_000)
                        // One that would take what is not held in time.
                        try await near.withSupervisor(.local, other) { _ in
                            try await Self.work(far, near)
                            #expect(try await counters.value("acode_heartbeat_failures_total") == 0)
                            #expect(try await counters.value("acode_heartbeats_total") > 3)
                        }
                        let list = try await far.acode("task", "list")
                        #expect(list.code == 0, "\(list)")
                        proxy.pass()
                        #expect(!supervisor.process.errorText.contains("heartbeats fail"))
                    }
                }
            }
        }

        private static func work(_ far: AcodeFixture, _ near: AcodeFixture) async throws {
            func script(_ rest: String) -> String { "echo $ACODE_TASK_ID >> \(far.scratch)/ran; \(rest)" }
            // Longer than a lease.
            let long = try await near.submitScript(script("sleep 7"), ["--queue", "far"])
            let unwanted = try await near.submitScript(script("sleep 600"), ["--queue", "far"])
            let tasks = (1...12).map { _ in
                "- {queue: far, command: [sh, -c, 'echo $ACODE_TASK_ID >> \(far.scratch)/ran']}"
            }
            let file = try near.file("many.yaml", "tasks:\n" + tasks.joined(separator: "\n") + "\n")
            try await near.acode(["task", "submit", "-q", "--file", file]).succeeded()
            try await near.waitFor(unwanted, state: "inProgress")
            try await near.acode("task", "cancel", unwanted).succeeded()
            try await near.waitFor(unwanted, state: "cancelled", within: .seconds(20))
            try await near.waitFor(long, state: "complete")
            try await eventually("all to finish") {
                try await near.tasks().allSatisfy { $0["id"] == .string(unwanted) || $0["state"] == "complete" }
            }
            let all = try await near.tasks()
            #expect(all.count == 14 && all.allSatisfy { $0["attempt"] == 1 }, "\(all)")
            let ran = try String(contentsOfFile: "\(far.scratch)/ran", encoding: .utf8).split(separator: "\n")
            #expect(ran.count == 14 && Set(ran).count == 14)
        }

        @Test(
            "of two servers in store.url the other one is used when the first is gone, and the first when that is",
            arguments: ["refuses", "is silent"])
        func failover(_ end: String) async throws {
            let settings: [String: JSONValue] = [
                "queue.lease": "60s", "queue.heartbeat": "300ms", "queue.pollInterval": "200ms", "store.timeout": "2s",
            ]
            try await TestDatabase.with { database in
                let servers = [try FaultProxy(upstream: database.url), try FaultProxy(upstream: database.url)]
                defer { for server in servers { server.stop() } }
                func leave(_ server: FaultProxy) {
                    if end == "refuses" {
                        server.refuse()
                        server.cutAll()
                    } else {
                        server.hold()
                    }
                }
                let both = servers[0].url.replacing(
                    "127.0.0.1:\(servers[0].port)", with: "127.0.0.1:\(servers[0].port),127.0.0.1:\(servers[1].port)")
                let url = "\(both)?target_session_attrs=read-write&connect_timeout=2"
                try await Self.withTwo("failover-\(end)", far: url, near: database, settings) { far, near in
                    leave(servers[1])
                    let counters = SupervisorCounters()
                    try await far.withSupervisor(.local, counters.options(2)) { supervisor in
                        let id = try await near.submitScript(
                            "echo begun; until [ -e \(far.scratch)/go ]; do sleep 0.02; done")
                        try await near.waitFor(id, state: "inProgress")
                        for (gone, there) in [(servers[0], servers[1]), (servers[1], servers[0])] {
                            leave(gone)
                            there.pass()
                            let run = try await near.submitAndWait([], ["true"])
                            #expect(run.code == 0, "\(run)")
                            // It goes on hearing, too, not only looking.
                            try await eventually("it to listen", within: .seconds(30)) {
                                try await counters.value("acode_store_listening") == 1
                            }
                            let list = try await far.acode("task", "list")
                            #expect(list.code == 0, "\(list)")
                        }
                        try far.write("", to: "\(far.scratch)/go")
                        let task = try await near.waitFor(id, state: "complete")
                        #expect(task["attempt"] == 1 && task["interruptions"] == 0, "\(task)")
                        #expect(!supervisor.process.hasEnded)
                    }
                }
            }
        }
    }
}
