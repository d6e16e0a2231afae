import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// K-3, Q-8: two machines with an engine each share a queue, and one of them is cut off.
    @Suite("Machines with engines", .timeLimit(.minutes(3)))
    struct EngineMachines {
        private static let settings: [String: JSONValue] = [
            "queue.lease": "2s", "queue.heartbeat": "300ms", "queue.sweepInterval": "200ms", "store.timeout": "1s",
            "queue.pollInterval": "200ms", "workers.stopTimeout": "1s",
        ]

        /// Lets the database be reached over the cable.
        private static let forwarder = """
            import socket, sys, threading
            def pump(source, sink):
                try:
                    while piece := source.recv(65536): sink.sendall(piece)
                except OSError: pass
                for end in (source, sink):
                    try: end.shutdown(socket.SHUT_RDWR)
                    except OSError: pass
            server = socket.create_server((sys.argv[1], 5432))
            print("ready", flush=True)
            while True:
                client, _ = server.accept()
                database = socket.socket(socket.AF_UNIX)
                database.connect(sys.argv[2])
                for pair in ((client, database), (database, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()
            """

        /// The first phase ends while nobody can be told, and the second machine goes on after the checkpoint.
        private static let script = """
            echo "attempt $ACODE_ATTEMPT from $(acode-agent checkpoint get --phase): $(cat $ACODE_OUTPUT_DIR/part 2>&1)"
            if acode-agent checkpoint done 1; then acode-agent checkpoint save 2; exit 0; fi
            echo one > $ACODE_OUTPUT_DIR/part; acode-agent checkpoint save 1 --artifact part || exit 9
            until [ -e /shared/go ]; do sleep 0.05; done; exit 7
            """

        @Test(
            "what a machine that is cut off had begun, another one goes on with; what the first says later counts for nothing",
            arguments: [(Backend.docker, Backend.podman)])
        func cutOff(_ first: Backend, _ second: Backend) async throws {
            let shared = "/tmp/acode-shared-\(UInt32.random(in: 0...(.max)))"
            try FileManager.default.createDirectory(atPath: "\(shared)/mount", withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: shared) }
            try await TestDatabase.with { database in
                let settings = Self.settings.merging([
                    "store.url": .string(try database.socketURL()),
                    "checkpoints.directory": .string("\(shared)/checkpoints"),
                    "workers.docker.mounts": [["source": .string("\(shared)/mount"), "target": "/shared"]],
                ]) { $1 }
                try await TestNetwork.with { network in
                    try await AcodeFixture.with("engines-\(first)-first", settings: settings) { one in
                        try await one.acode("db", "migrate").succeeded()
                        try await AcodeFixture.with("engines-\(first)-second", settings: settings) { two in
                            try await Self.run(network, database, (first, one), (second, two), shared)
                        }
                    }
                }
            }
        }

        private static func run(
            _ network: TestNetwork, _ database: TestDatabase, _ first: (backend: Backend, fixture: AcodeFixture),
            _ second: (backend: Backend, fixture: AcodeFixture), _ shared: String
        ) async throws {
            let (one, two) = (first.fixture, second.fixture)
            var here = PoolOptions(), there = PoolOptions()
            here.wrapper = network.first.wrapper
            here.environment["ACODE_STORE_URL"] = database.url(at: network.second.address, 5432, "connect_timeout=2")
            there.wrapper = network.second.wrapper
            let serving = ProcessPlan(
                network.second.wrapper[0],
                Array(network.second.wrapper.dropFirst())
                    + ["/usr/bin/python3", "-c", forwarder, network.second.address, try database.socketPath()])
            _ = try await ChildProcess.with(serving, logs: two.logs, grace: .seconds(5)) { serving in
                try await eventually("the way to the database") { !serving.output.isEmpty }
                try await one.withSupervisor(first.backend, here) { supervisor in
                    let id = try await two.submitScript(script, ["--retries", "0"])
                    try await eventually("the checkpoint") { try await two.task(id)["checkpoint"]["phase"] == 1 }
                    try await network.cut()
                    // It ends by itself, and its supervisor keeps what nobody takes.
                    try two.write("", to: "\(shared)/mount/go")
                    let kept = "\(one.stateDirectory)/results/\(one.pool)"
                    try await eventually("the end to be kept") {
                        try FileManager.default.contentsOfDirectory(atPath: kept).contains { $0.hasSuffix(".json") }
                    }
                    try await two.withSupervisor(second.backend, there) { _ in
                        let task = try await two.waitFor(id, state: "complete")
                        #expect(task["attempt"] == 2 && task["exitCode"] == 0, "\(task)")
                        #expect(task["checkpoint"]["phase"] == 2 && task["checkpoint"]["attempt"] == 2, "\(task)")
                        #expect(try await two.acode("task", "logs", id).text == "attempt 2 from 1: one\n")
                    }
                    try await network.join()
                    try await eventually("the late end to be refused") {
                        try await two.json("task", "events", id).elements.contains {
                            $0["kind"] == "result_discarded" && $0["attempt"] == 1
                        }
                    }
                    let events = try await two.json("task", "events", id).elements
                    let kinds = events.compactMap { $0["kind"].string }
                    #expect(kinds.count { $0 == "completed" } == 1 && kinds.contains("requeued:stale"), "\(kinds)")
                    #expect(kinds.count { $0 == "resumed" } == 1 && !kinds.contains("dead_lettered"), "\(kinds)")
                    #expect(try await two.task(id)["state"] == "complete")
                    // The first is well, too.
                    let run = try await two.runScript("echo well")
                    #expect(run.code == 0, "\(run)")
                    #expect(!supervisor.process.hasEnded)
                }
            }
        }
    }
}
