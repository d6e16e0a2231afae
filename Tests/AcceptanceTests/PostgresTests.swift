import Foundation
import Glibc
import TestSupport
import Testing

extension Acceptance {
    /// Q-8: the same program on PostgreSQL.
    @Suite("PostgreSQL", .timeLimit(.minutes(8)))
    struct Postgres {
        /// A test of another suite, on the other database.
        struct Borrowed: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let run: @Sendable () async throws -> Void

            init(_ name: String, _ run: @escaping @Sendable () async throws -> Void) {
                testDescription = name
                self.run = run
            }
        }

        static let borrowed = [
            Borrowed("a submit is noticed at once") { try await Queue().wake() },
            Borrowed("priority") { try await Queue().priority() },
            Borrowed("turns of the oldest") { try await Queue().oldest() },
            Borrowed("delay") { try await Queue().delay() },
            Borrowed("queues") { try await Queue().queues() },
            Borrowed("dead letters") { try await DeadLetters().life() },
            Borrowed("many submit at once") { try await SharedStore().manySubmitters() },
            Borrowed("1,000 tasks") { try await SharedStore().thousand(.local) },
            Borrowed("ends that wait for the store") { try await StoreAway().killed() },
            Borrowed("ends whose leases ran out meanwhile") { try await StoreAway().back() },
            Borrowed("the longest lease") { try await Leases().longest() },
            Borrowed("recovery that observes and acts") { try await Leases().recovery() },
            Borrowed("weights of queues") { try await Leases().weights() },
            Borrowed("checkpoints whose artifacts are gone") { try await Checkpoints().artifactsGone(.local) },
            Borrowed("checkpoints on another machine") { try await Checkpoints().otherMachine() },
            Borrowed("what is forgotten by itself") { try await Retention().automatic() },
            Borrowed("what is forgotten by hand") { try await Retention().byHand() },
            Borrowed("who did what") { try await Retention().audit() },
            Borrowed("two supervisors") { try await SharedStore().twoSupervisors(.local) },
        ]

        @Test("what is true of a queue in a file is true of one in PostgreSQL", arguments: borrowed)
        func same(_ test: Borrowed) async throws {
            try await TestDatabase.$isFixturesStore.withValue(true) { try await test.run() }
        }

        @Test("Docker, Podman and local workers of three installations share one queue: each task runs once")
        func threeInstallations() async throws {
            try await TestDatabase.$isFixturesStore.withValue(true) {
                try await AcodeFixture.with("three-docker") { first in
                    let settings = try Self.store(of: first)
                    try await AcodeFixture.with("three-podman", settings: settings) { second in
                        try await AcodeFixture.with("three-local", settings: settings) { third in
                            // The same name of pool and host everywhere.
                            var options = PoolOptions(count: 2)
                            options.pool = first.pool
                            try await first.withSupervisor(.docker, options) { _ in
                                try await second.withSupervisor(.podman, options) { _ in
                                    try await third.withSupervisor(.local, options) { _ in
                                        try await Self.share(90, among: [first, second, third])
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }

        /// The setting that names the database of a fixture.
        static func store(of fixture: AcodeFixture) throws -> [String: JSONValue] {
            let text = try Data(contentsOf: URL(fileURLWithPath: fixture.configuration))
            return ["store.url": try JSONValue(parsing: [UInt8](text))["store"]["url"]]
        }

        private static func share(_ count: Int, among fixtures: [AcodeFixture]) async throws {
            let tasks = (1...count).map { "- {name: n\($0), command: [sh, -c, 'sleep 0.05; echo ran $ACODE_TASK_ID']}" }
            let file = try fixtures[0].file("many.yaml", "tasks:\n" + tasks.joined(separator: "\n") + "\n")
            try await fixtures[0].acode(["task", "submit", "-q", "--file", file]).succeeded()
            try await eventually("all to finish", within: .seconds(60), every: .milliseconds(200)) {
                try await fixtures[0].tasks().allSatisfy { $0["state"] == "complete" }
            }
            let done = try await fixtures[0].tasks()
            #expect(done.count == count && done.allSatisfy { $0["attempt"] == 1 })
            let logs = try fixtures.map { fixture in
                Set(try FileManager.default.contentsOfDirectory(atPath: "\(fixture.stateDirectory)/logs"))
            }
            #expect(logs.allSatisfy { !$0.isEmpty }, "all three worked: \(logs.map(\.count))")
            #expect(logs.map(\.count).reduce(0, +) == count, "no task has logs of two")
        }

        @Test("a server that dies while tasks run costs none of them, and no supervisor")
        func restart() async throws {
            try await PostgresInstance.with { server in
                try await TestDatabase.with(server: server.url) { database in
                    let settings: [String: JSONValue] = [
                        "store.url": .string(database.url), "queue.heartbeat": "1s", "queue.lease": "30s",
                        "store.timeout": "5s",
                    ]
                    try await AcodeFixture.with("postgres-restart", settings: settings) { fixture in
                        try await fixture.acode("db", "migrate").succeeded()
                        let port = Loopback.freePort()
                        var options = PoolOptions(count: 3)
                        options.flags += ["--listen", "127.0.0.1:\(port)"]
                        try await fixture.withSupervisor(.local, options) { supervisor in
                            try await Self.outlive(server, fixture, supervisor, port: Int(port))
                        }
                    }
                }
            }
        }

        private static func outlive(
            _ server: PostgresInstance, _ fixture: AcodeFixture, _ supervisor: SupervisorProcess, port: Int
        ) async throws {
            // One that ends while the server is away, one that ends after it, and some that wait.
            let gone = "\(fixture.scratch)/gone"
            let short = try await fixture.submitScript(
                "echo begun; while ! test -e \(gone); do sleep 0.05; done; echo ended")
            let long = try await fixture.submitScript(
                "echo begun; while ! test -e \(fixture.scratch)/back; do sleep 0.05; done; echo ended")
            for id in [short, long] { try await fixture.waitFor(id, toPrint: "begun") }
            let waiting = try await fixture.submit(["--delay", "1s"], ["true"])
            try await server.control("kill")
            try fixture.write("", to: gone)
            let away = try await fixture.acode("task", "list")
            #expect(away.code == 69 && away.errorText.contains("hint:"), "\(away)")
            try await eventually("the breaker to open", within: .seconds(20), every: .milliseconds(100)) {
                let metrics = try await Curl.get("http://127.0.0.1:\(port)/metrics").body
                return metrics.contains("acode_store_breaker_open 1")
            }
            try await server.control("start")
            try fixture.write("", to: "\(fixture.scratch)/back")
            for id in [short, long, waiting] {
                let task = try await fixture.waitFor(id, state: "complete", within: .seconds(40))
                #expect(task["attempt"] == 1 && task["interruptions"] == 0, "\(task)")
            }
            #expect(try await fixture.acode("task", "logs", short).text == "begun\nended\n")
            let metrics = try await Curl.get("http://127.0.0.1:\(port)/metrics").body
            #expect(metrics.contains("acode_store_breaker_open 0"), "\(metrics)")
            for name in ["breaker_openings", "connection_failures"] {
                #expect(metrics.contains(try Regex("acode_store_\(name)_total [1-9]")), "\(metrics)")
            }
            #expect(metrics.contains("acode_store_listening 1"))
            #expect(metrics.contains(#"acode_store_connections{state="idle"}"#))
            #expect(!supervisor.process.hasEnded)
        }
    }
}
