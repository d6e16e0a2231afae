import TestSupport
import Testing

extension Acceptance {
    /// FR-043…045, FR-049, FR-050: use close to a limit is told once, where one looks for it, and so is its end.
    @Suite("High usage", .timeLimit(.minutes(2)))
    struct HighUsage {
        private static let settings: [String: JSONValue] = [
            "workers.statsInterval": "1s", "workers.highUsageWarning": 80, "workers.docker.resources.cpus": 0.5,
            "workers.docker.resources.memoryMb": 256, "workers.docker.resources.pidsLimit": 40,
        ]

        /// Comes close to all three limits, and stays there until it is told to stop.
        private static let script = """
            for i in $(seq 34); do sleep 600 & done
            dd if=/dev/zero of=/dev/null bs=215M count=100000 2>/dev/null &
            echo begun
            until [ -e /workspace/enough ]; do sleep 0.2; done
            kill $(jobs -p); wait 2>/dev/null
            until [ -e /workspace/end ]; do sleep 0.2; done
            """

        private func messages(_ fixture: AcodeFixture, _ id: String, _ kind: String) async throws -> [String] {
            try await fixture.json("task", "events", id).elements
                .filter { $0["kind"].string == kind }.compactMap { $0["message"].string }
        }

        @Test("CPU, memory and processes, on the timeline, the worker and in the metrics", arguments: Engine.all)
        func allThree(_ engine: Engine) async throws {
            try await AcodeFixture.with("high-usage-\(engine)", settings: Self.settings) { fixture in
                let port = Loopback.freePort()
                var options = PoolOptions()
                options.flags += ["--listen", "127.0.0.1:\(port)"]
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let id = try await fixture.submitScript(Self.script)
                    try await eventually("a warning for each resource", within: .seconds(40)) {
                        try await messages(fixture, id, "usage_high").count == 3
                    }
                    let high = try await messages(fixture, id, "usage_high").sorted()
                    #expect(high[0].contains("cpu use is high") && high[0].contains("of 0.5 cores"), "\(high)")
                    #expect(high[1].contains("memory use is high") && high[1].contains("of 256 MiB"), "\(high)")
                    #expect(high[2].contains("processes use is high") && high[2].contains("of 40"), "\(high)")
                    let worker = try #require(try await supervisor.workers().first)
                    #expect(worker["usage"]["high"].elements == ["cpu", "memory", "processes"])
                    let shown = try await fixture.acode("worker", "show", worker["id"].string ?? "").succeeded()
                    #expect(shown.text.contains("cpu, memory, processes"), "\(shown.text)")
                    let metrics = try await ChildProcess.tool(
                        ProcessPlan("/usr/bin/curl", ["-sS", "--max-time", "5", "http://127.0.0.1:\(port)/metrics"]),
                        within: .seconds(10))
                    for resource in ["cpu", "memory", "processes"] {
                        #expect(metrics.text.contains("acode_worker_high_usage_total{resource=\"\(resource)\"} 1"))
                    }
                    // Told once, however long it lasts; nothing of the timeline says so before the use is lower.
                    #expect(try await messages(fixture, id, "usage_normal").isEmpty)
                    // Through the host: next to its limit of processes the container has no room for another command.
                    let workspace = "\(fixture.stateDirectory)/workers/\(worker["id"].string ?? "")"
                    try fixture.write("", to: "\(workspace)/enough")
                    try await eventually("the end of high use", within: .seconds(40)) {
                        try await messages(fixture, id, "usage_normal").count == 3
                    }
                    #expect(try await messages(fixture, id, "usage_high").count == 3)
                    #expect(try await supervisor.workers().first?["usage"]["high"].elements.isEmpty == true)
                    try fixture.write("", to: "\(workspace)/end")
                    try await fixture.waitFor(id, state: "complete")
                }
            }
        }
    }
}
