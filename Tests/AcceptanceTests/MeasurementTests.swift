import TestSupport
import Testing

extension Acceptance {
    /// FR-042: the numbers mean what they say.
    @Suite(
        "Measurements", .timeLimit(.minutes(5)),
        .sharedPools(
            on: [.docker, .podman],
            settings: [
                "workers.statsInterval": "1s", "workers.highUsageWarning": 80, "workers.docker.resources.memoryMb": 256,
            ]))
    struct Measurements {
        private func report(_ engine: Engine, _ script: String) async throws -> JSONValue {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            let id = try await fixture.submitScript(script, ["--timeout", "60s"])
            return try await fixture.waitFor(id, state: "complete")["attempts"][0]["report"]
        }

        @Test("memory is without the page cache, in statistics, warnings and the report", arguments: Engine.all)
        func pageCache(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            // Twenty processes show that a measurement is of the time after the writing.
            let id = try await pool.fixture.submitScript(
                """
                dd if=/dev/zero of=/workspace/x bs=1M count=150 2>/dev/null
                cat /sys/fs/cgroup/memory/memory.usage_in_bytes /sys/fs/cgroup/memory.current 2>/dev/null
                for i in $(seq 20); do sleep 600 & done
                echo begun
                until [ -e /workspace/end ]; do sleep 0.2; done
                kill $(jobs -p); wait 2>/dev/null; true
                """)
            try await pool.fixture.waitFor(id, toPrint: "begun")
            let printed = try await pool.fixture.acode("task", "logs", id).succeeded().lines
            let charged = try #require(printed.first.flatMap { Int($0) })
            try #require(charged > 150 << 20)
            let worker = try await eventually("a measurement") {
                try await pool.supervisor.workers().first { ($0["usage"]["processes"].int ?? 0) >= 20 }
            }
            #expect((1 << 20...60 << 20).contains(worker["usage"]["memoryBytes"].int ?? 0), "\(worker)")
            let workspace = "\(pool.fixture.stateDirectory)/workers/\(worker["id"].string ?? "")/work"
            try pool.fixture.write("", to: "\(workspace)/end")
            let report = try await pool.fixture.waitFor(id, state: "complete")["attempts"][0]["report"]
            #expect((report["used"]["memoryPeakBytes"].int ?? .max) < 60 << 20, "\(report)")
            let events = try await pool.fixture.json("task", "events", id).elements
            #expect(!events.contains { $0["kind"] == "usage_high" }, "\(events)")
        }

        @Test("what goes to the disk past the page cache is counted", arguments: Engine.all)
        func direct(_ engine: Engine) async throws {
            let used = try await report(
                engine,
                "dd if=/dev/zero of=/workspace/y bs=1M count=8 oflag=direct && dd if=/workspace/y of=/dev/null bs=1M iflag=direct"
            )["used"]
            #expect((8 << 20...16 << 20).contains(used["writtenBytes"].int ?? 0), "\(used)")
            #expect((used["readBytes"].int ?? 0) >= 8 << 20, "\(used)")
        }

        @Test("received and sent are not mixed up", arguments: Engine.all)
        func network(_ engine: Engine) async throws {
            let pool = try SharedPools.pool(.of(engine))
            let server = try TCPServer(everywhere: true) { $0.write([UInt8](repeating: 7, count: 1_500_000)) }
            let address = try await engine.gateway()
            let used = try await report(engine, "nc -w 5 \(address) \(server.port) </dev/null | wc -c")["used"]
            let (received, sent) = (try #require(used["receivedBytes"].int), try #require(used["sentBytes"].int))
            #expect(received >= 1_500_000 && received > sent && sent > 0, "\(used)")
            try await eventually("the statistics to follow") {
                let usage = try await pool.supervisor.workers().first?["usage"]
                return (usage?["networkReceived"].int ?? 0) >= 1_500_000
                    && usage?["networkSent"].int ?? .max < usage?["networkReceived"].int ?? 0
            }
        }
    }
}

extension Engine {
    /// This host's address in the engine's own bridge.
    func gateway() async throws -> String {
        let name = self == .docker ? "bridge" : "podman"
        let configuration = try await api.json("GET", "/networks/\(name)")["IPAM"]["Config"]
        return try #require(configuration[0]["Gateway"].string)
    }
}
