import Foundation
import Glibc
import TestSupport
import Testing

extension Acceptance {
    /// one queue, many machines. Network namespaces stand for them.
    @Suite("Machines", .timeLimit(.minutes(5)))
    struct Machines {
        private static let token = "machines-0123456789abcdef0123456789abcdef"

        private static func tokenFile(_ fixture: AcodeFixture, _ token: String = token) throws -> String {
            let path = try fixture.file("token-\(token.count)", token + "\n")
            chmod(path, 0o600)
            return path
        }

        /// A supervisor on the first machine, and somebody with a state directory of their own on the second.
        private static func withTwo(
            _ more: [String: JSONValue] = [:], backend: Backend = .local,
            _ body: (TestNetwork, _ worker: AcodeFixture, _ client: AcodeFixture, SupervisorProcess) async throws ->
                Void
        ) async throws {
            try await TestDatabase.with { database in
                try await TestNetwork.with { network in
                    let settings = more.merging(["store.url": .string(try database.socketURL())]) { own, _ in own }
                    try await AcodeFixture.with("machine-worker", settings: settings) { worker in
                        try await AcodeFixture.with("machine-client", settings: settings) { client in
                            try await worker.acode("db", "migrate").succeeded()
                            var options = PoolOptions(count: 2)
                            options.wrapper = network.first.wrapper
                            options.environment = [
                                "ACODE_SUPERVISOR_LISTEN": "\(network.first.address):8443",
                                "ACODE_SUPERVISOR_TOKEN_FILE": try Self.tokenFile(worker),
                            ]
                            try await worker.withSupervisor(backend, options) { supervisor in
                                try await body(network, worker, client, supervisor)
                            }
                        }
                    }
                }
            }
        }

        @Test(
            "a task's output is read on another machine, while it runs and afterwards",
            arguments: [Backend.local, .docker])
        func logs(_ backend: Backend) async throws {
            try await Self.withTwo(backend: backend) { network, worker, client, _ in
                let here = ["ACODE_SUPERVISOR_TOKEN_FILE": try Self.tokenFile(client)]
                let waited = try await network.second.acode(
                    client, "task", "submit", "--wait", "--", "sh", "-c", "echo out; sleep 0.3; echo err >&2; exit 4",
                    environment: here)
                #expect(waited.code == 4 && waited.text == "out\n", "\(waited)")
                #expect(waited.errorText.contains("err\n"), "\(waited)")
                #expect(!waited.errorText.contains("no supervisor runs"), "\(waited)")

                let large = try await network.second.acode(
                    client, "task", "submit", "-q", "--", "sh", "-c", "seq 1 400000", environment: here)
                let id = try #require(large.lines.first)
                let followed = try await network.second.acode(client, "task", "logs", "-f", id, environment: here)
                #expect(followed.code == 0 && followed.lines.count == 400_000, "\(followed)")
                let again = try await network.second.acode(client, "task", "logs", id, environment: here)
                #expect(again.output == followed.output)
                #expect(try await worker.acode("task", "logs", id).output == again.output)

                let shown = try await client.json("task", "show", id)
                #expect(shown["attempts"][0]["log"] == .null)
                #expect(shown["attempts"][0]["installation"].string?.isEmpty == false)
                let host = try #require(shown["attempts"][0]["host"].string)
                let page = try await client.acode("task", "show", id).succeeded()
                #expect(page.text.contains("log: on the host \(host), of supervisor"), "\(page)")
                let own = try await worker.json("task", "show", id)
                #expect(own["attempts"][0]["log"].string?.hasPrefix(worker.stateDirectory) == true)
            }
        }

        @Test("a supervisor that does not have a log is no empty log, whoever it belongs to")
        func elsewhere() async throws {
            try await AcodeFixture.with("log-here") { here in
                try await AcodeFixture.with("log-there") { there in
                    let token = try Self.tokenFile(here)
                    let ports = (Loopback.freePort(), Loopback.freePort())
                    func environment(_ port: UInt16, _ told: UInt16) -> [String: String] {
                        [
                            "ACODE_STORE_PATH": "\(here.scratch)/shared.sqlite", "ACODE_SUPERVISOR_TOKEN_FILE": token,
                            "ACODE_SUPERVISOR_LISTEN": "127.0.0.1:\(port)",
                            "ACODE_SUPERVISOR_ADVERTISE": "127.0.0.1:\(told)",
                        ]
                    }
                    var (first, second) = (PoolOptions(), PoolOptions())
                    (first.environment, first.flags) = (environment(ports.0, ports.0), ["--queue", "here"])
                    // Whoever asks for the log of a task of this one asks the first.
                    (second.environment, second.flags) = (environment(ports.1, ports.0), ["--queue", "there"])
                    try await here.withSupervisor(.local, first) { _ in
                        try await there.withSupervisor(.local, second) { _ in
                            func run(_ fixture: AcodeFixture, _ queue: String) async throws -> FinishedProcess {
                                try await fixture.acode(
                                    [
                                        "task", "submit", "--wait", "--queue", queue, "--name", queue, "--", "echo",
                                        queue,
                                    ],
                                    environment: environment(ports.0, ports.0))
                            }
                            #expect(try await run(there, "here").text == "here\n")
                            let astray = try await run(here, "there")
                            #expect(astray.text.isEmpty, "\(astray)")
                            let why = "at 127.0.0.1:\(ports.0) is a supervisor that is not its own"
                            #expect(astray.errorText.contains(why), "\(astray)")
                            let list = try await here.acode(
                                ["task", "list", "--json"], environment: environment(ports.0, ports.0))
                            let tasks = try JSONValue(parsing: list.output).elements
                            let id = try #require(tasks.first { $0["name"] == "here" }?["id"].string)
                            try FileManager.default.removeItem(atPath: "\(here.stateDirectory)/logs/\(id)")
                            let gone = try await there.acode(
                                ["task", "logs", id], environment: environment(ports.0, ports.0))
                            #expect(gone.code == 1 && gone.text.isEmpty, "\(gone)")
                            let none = "the supervisor at 127.0.0.1:\(ports.0) has no log of it"
                            #expect(gone.errorText.contains(none), "\(gone)")
                        }
                    }
                }
            }
        }

        @Test("a supervisor that was killed is not asked for a log: its address may be another's")
        func killed() async throws {
            let short: [String: JSONValue] = ["queue.lease": "2s", "queue.heartbeat": "500ms"]
            try await Self.withTwo(short) { network, worker, client, supervisor in
                let id = try await worker.submit([], ["echo", "secret words"])
                try await worker.waitFor(id, state: "complete")
                let token = ["ACODE_SUPERVISOR_TOKEN_FILE": try Self.tokenFile(client)]
                let read = try await network.second.acode(client, "task", "logs", id, environment: token)
                #expect(read.text == "secret words\n", "\(read)")
                supervisor.process.send(SIGKILL)
                try await supervisor.process.waitForEnd(within: .seconds(20))
                try await eventually("the dead one to count as none", within: .seconds(10), every: .milliseconds(200)) {
                    let end = try await network.second.acode(client, "task", "logs", id, environment: token)
                    #expect(end.code == 1 && end.text.isEmpty, "\(end)")
                    return end.errorText.contains("no supervisor runs there now")
                }
                let waiting = try await client.submit([], ["true"])
                let shown = try await client.acode("task", "show", waiting).succeeded()
                #expect(shown.text.contains("o supervisor takes tasks of the queue default"), "\(shown)")
                // The next one of the pool tidies up.
                try await worker.withSupervisor(.local) { _ in try await worker.waitFor(waiting, state: "complete") }
            }
        }

        @Test("who can't have a log is told which machine has it, why, and what to run there")
        func refusals() async throws {
            try await Self.withTwo { network, worker, client, supervisor in
                let id = try await worker.submit([], ["echo", "secret words"])
                try await worker.waitFor(id, state: "complete")
                let host = try #require(try await worker.task(id)["attempts"][0]["host"].string)
                func refused(_ reason: String, _ environment: [String: String]) async throws {
                    let end = try await network.second.acode(client, "task", "logs", id, environment: environment)
                    #expect(end.code == 1 && end.text.isEmpty, "\(end)")
                    #expect(end.errorText.contains("attempt 1 is on the host \(host): "), "\(end)")
                    #expect(end.errorText.contains(reason), "\(end)")
                    #expect(end.errorText.contains("hint: run `acode task logs \(id) --attempt 1` there"), "\(end)")
                    #expect(!end.errorText.contains("0123456789"), "\(end)")
                }
                try await refused("no token is configured", [:])
                let wrong = try Self.tokenFile(client, Self.token + "x")
                try await refused(
                    "wrong: supervisor.tokenFile must hold the same on both hosts",
                    ["ACODE_SUPERVISOR_TOKEN_FILE": wrong])
                let right = ["ACODE_SUPERVISOR_TOKEN_FILE": try Self.tokenFile(client)]
                try await network.cut()
                try await refused("\(network.first.address):8443", right)
                supervisor.process.send(SIGTERM)
                try await supervisor.process.waitForEnd(within: .seconds(20))
                try await refused("no supervisor runs there now", right)
            }
        }
    }
}
