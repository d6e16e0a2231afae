import TestSupport
import Testing

extension Acceptance {
    /// FR-042, FR-049: what an attempt used beside its limits, and the limits that would have suited it.
    @Suite(
        "Run report", .timeLimit(.minutes(5)),
        .sharedPools(
            on: [.docker, .podman],
            settings: [
                "workers.docker.resources.cpus": 0.5, "workers.docker.resources.memoryMb": 128,
                "workers.docker.resources.pidsLimit": 40,
            ]))
    struct RunReport {
        private func report(_ engine: Engine, _ script: String, code: Int32 = 0) async throws -> JSONValue {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            let name = "report-\(UInt32.random(in: 0...(.max)))"
            let run = try await fixture.runScript(script, ["--name", name, "--timeout", "60s"])
            #expect(run.code == code, "\(run.errorText)")
            let id = try #require(try await fixture.task(named: name)["id"].string)
            return try await fixture.task(id)["attempts"][0]["report"]
        }

        @Test("a busy attempt is told how much it was held back", arguments: Engine.all)
        func processor(_ engine: Engine) async throws {
            // Several, so that they want more than they may have also on a machine with much else to do.
            let report = try await report(
                engine, "for i in 1 2 3 4; do timeout 2 sh -c 'while :; do :; done' & done; wait; true")
            let used = report["used"]
            let (wall, cpu) = (try #require(used["wallSeconds"].double), try #require(used["cpuSeconds"].double))
            #expect(wall >= 2 && cpu > 0.2 && cpu < wall * 0.5 * 1.3, "\(report)")
            #expect((used["throttledShare"].double ?? 0) > 0.1 && (used["throttledSeconds"].double ?? 0) > 0.1)
            #expect(report["limits"]["cpus"] == 0.5 && report["limits"]["wallSeconds"] == 60)
            #expect(report["suggested"]["cpus"] == 1)
            #expect(report["hints"].elements.contains { ($0.string ?? "").contains("the CPU limit held it back") })
        }

        @Test("memory and processes at their peak, with a suggestion", arguments: Engine.all)
        func peaks(_ engine: Engine) async throws {
            let report = try await report(
                engine, "for i in 1 2 3 4 5 6; do sleep 2 & done; dd if=/dev/zero of=/dev/null bs=60M count=20; wait")
            let used = report["used"]
            let peak = try #require(used["memoryPeakBytes"].int)
            #expect(peak >= 60 << 20 && peak <= 128 << 20, "\(report)")
            #expect(report["limits"]["memoryBytes"] == 128 << 20)
            let suggested = try #require(report["suggested"]["memoryMb"].int)
            #expect(suggested << 20 >= peak && suggested <= 192)
            // The shell, seven children and the agent.
            #expect((8...20).contains(try #require(used["processesPeak"].int)), "\(report)")
            #expect(used["refusedProcesses"] == 0 && report["limits"]["processes"] == 40)
        }

        @Test("reused workers count each attempt on its own", arguments: Engine.all)
        func differences(_ engine: Engine) async throws {
            _ = try await report(
                engine, "dd if=/dev/zero of=/dev/null bs=60M count=10; timeout 1 yes > /dev/null; true")
            let small = try await report(engine, "sleep 0.3")
            #expect(try #require(small["used"]["cpuSeconds"].double) < 0.2, "\(small)")
            #expect(try #require(small["used"]["memoryPeakBytes"].int) < 50 << 20, "\(small)")
            #expect(try #require(small["used"]["processesPeak"].int) <= 6, "\(small)")
        }

        @Test("a kill for memory shows the limit as the peak", arguments: Engine.all)
        func outOfMemory(_ engine: Engine) async throws {
            let report = try await report(engine, "exec tail /dev/zero", code: 137)
            #expect((report["used"]["memoryPeakBytes"].int ?? 0) >= 128 << 20, "\(report)")
            #expect((report["suggested"]["memoryMb"].int ?? 0) >= 160)
            #expect(report["hints"].elements.contains { ($0.string ?? "").contains("memory ran into its limit") })
        }

        @Test("people see it as a table", arguments: Engine.all)
        func table(_ engine: Engine) async throws {
            let fixture = try SharedPools.pool(.of(engine)).fixture
            try await fixture.runScript("echo data > file; cat file", ["--name", "shown-\(engine)"]).succeeded()
            let id = try #require(try await fixture.task(named: "shown-\(engine)")["id"].string)
            let page = try await fixture.acode("task", "show", id).succeeded().text
            for words in [
                "RESOURCE", "SUGGESTED", "memory", "128MiB", "0.5 cores", "processes", "disk written", "sent",
            ] {
                #expect(page.contains(words), "\(page)")
            }
        }

        @Test("a local process has what the kernel says of it, and the limits of its cgroup")
        func local() async throws {
            try await AcodeFixture.with("report-local") { fixture in
                try await fixture.withSupervisor(.local) { _ in
                    let id = try await fixture.submitScript("timeout 1 sh -c 'while :; do :; done'; true")
                    let report = try await fixture.waitFor(id, state: "complete")["attempts"][0]["report"]
                    #expect((report["used"]["cpuSeconds"].double ?? 0) > 0.1, "\(report)")
                    #expect(report["limits"]["memoryBytes"].int == 512 << 20, "\(report)")
                    #expect((report["suggested"]["memoryMb"].int ?? 0) > 0, "\(report)")
                }
            }
        }
    }
}
