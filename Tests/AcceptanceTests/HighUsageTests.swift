import TestSupport
import Testing

extension Acceptance {
    /// FR-042: where the kernel's own accounts can't be seen, the engine is asked.
    @Suite("Measurements of the engine", .timeLimit(.minutes(5)))
    struct EngineMeasurements {
        @Test("a worker is measured through the engine where cgroup files are hidden", arguments: Engine.all)
        func withoutCgroupFiles(_ engine: Engine) async throws {
            let server = try TCPServer(everywhere: true) { $0.write([UInt8](repeating: 7, count: 1_500_000)) }
            let address = try await engine.gateway()
            let settings: [String: JSONValue] = [
                "workers.statsInterval": "1s", "workers.docker.resources.memoryMb": 100,
            ]
            try await AcodeFixture.with("engine-stats-\(engine)", settings: settings) { fixture in
                var options = PoolOptions(count: 2)
                // Its own view of the file system has nothing where the accounts are.
                let hide = "mount -t tmpfs none /sys/fs/cgroup && exec \"$@\""
                options.wrapper = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", hide, "sh"]
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    // The page cache comes up to the limit, and nobody may be warned of it.
                    let id = try await fixture.submitScript(
                        "dd if=/dev/zero of=/workspace/x bs=1M count=150 2>/dev/null; "
                            + "nc -w 5 \(address) \(server.port) </dev/null | wc -c; echo begun; while :; do :; done")
                    try await fixture.waitFor(id, toPrint: "begun")
                    try await eventually("both workers to be measured, one of them busy", within: .seconds(40)) {
                        let usages = try await supervisor.workers().map { $0["usage"] }
                        let isBusy = usages.contains {
                            ($0["cpuCores"].double ?? 0) > 0.2 && ($0["networkReceived"].int ?? 0) >= 1_500_000
                                && $0["networkSent"].int ?? .max < $0["networkReceived"].int ?? 0
                                // Podman does not tell how much of it is cache.
                                && $0["memoryIncludesCache"] == .bool(engine == .podman)
                        }
                        return isBusy
                            && usages.allSatisfy { ($0["memoryBytes"].int ?? 0) > 0 && ($0["processes"].int ?? 0) > 0 }
                    }
                    let events = try await fixture.json("task", "events", id).elements
                    #expect(!events.contains { $0["message"].string?.contains("memory use is high") == true })
                    try await fixture.acode("task", "cancel", id).succeeded()
                    try await fixture.waitFor(id, state: "cancelled")
                }
            }
        }
    }

    /// FR-043…045, FR-049, FR-050: use close to a limit is told once, where one looks for it, and so is its end.
    @Suite("High usage", .timeLimit(.minutes(8)))
    struct HighUsage {
        private static let settings: [String: JSONValue] = [
            "workers.statsInterval": "1s", "workers.highUsageWarning": 80, "workers.docker.resources.cpus": 0.2,
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
                    // On a busy machine a task may not always get the CPU it could have, so that one may come and go.
                    for words in [
                        ["cpu use is high", "of 0.2 cores"], ["memory use is high", "of 256 MiB"],
                        ["processes use is high", "of 40 processes"],
                    ] {
                        try await eventually("'\(words[0])' on the timeline", within: .seconds(60)) {
                            try await messages(fixture, id, "usage_high").contains { message in
                                words.allSatisfy { message.contains($0) }
                            }
                        }
                    }
                    let worker = try #require(try await supervisor.workers().first)
                    let high = Set(worker["usage"]["high"].elements.compactMap(\.string))
                    #expect(high.isSuperset(of: ["memory", "processes"]))
                    let shown = try await fixture.acode("worker", "show", worker["id"].string ?? "").succeeded()
                    #expect(shown.text.contains("memory, processes"), "\(shown.text)")
                    let metrics = try await ChildProcess.tool(
                        ProcessPlan("/usr/bin/curl", ["-sS", "--max-time", "5", "http://127.0.0.1:\(port)/metrics"]),
                        within: .seconds(10))
                    for resource in ["cpu", "memory", "processes"] {
                        #expect(metrics.text.contains("acode_worker_high_usage_total{resource=\"\(resource)\"} "))
                    }
                    // Through the host: next to its limit of processes the container has no room for another command.
                    let workspace = "\(fixture.stateDirectory)/workers/\(worker["id"].string ?? "")/work"
                    try fixture.write("", to: "\(workspace)/enough")
                    try await eventually("the end of high use", within: .seconds(40)) {
                        let over = try await messages(fixture, id, "usage_normal").count
                        let raised = try await messages(fixture, id, "usage_high").count
                        let high = try await supervisor.workers().first?["usage"]["high"]
                        return high?.elements.isEmpty == true && over == raised
                    }
                    let (raised, over) = (
                        try await messages(fixture, id, "usage_high"), try await messages(fixture, id, "usage_normal")
                    )
                    for resource in ["cpu", "memory", "processes"] {
                        let count = raised.count { $0.hasPrefix(resource) }
                        #expect(over.count { $0.hasPrefix("\(resource) use is down") } == count && count > 0)
                        // These two do not depend on the machine: told once.
                        #expect(resource == "cpu" || count == 1, "\(raised)")
                    }
                    try fixture.write("", to: "\(workspace)/end")
                    try await fixture.waitFor(id, state: "complete")
                }
            }
        }
    }
}
