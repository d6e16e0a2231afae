import TestSupport
import Testing

extension Acceptance {
    /// NFR-008: a Docker that leaves its containers running when it ends.
    @Suite("Live restore", .timeLimit(.minutes(8)))
    struct LiveRestore {
        @Test(
            "tasks, workers and containers outlive a restart and a kill of the engine", arguments: ["restart", "kill"])
        func outlive(_ verb: String) async throws {
            try await EngineInstance.with([.docker], liveRestoring: true) { engines in
                var options = PoolOptions()
                options.engines = engines
                let settings: [String: JSONValue] = ["workers.docker.outage.checkInterval": "200ms"]
                try await AcodeFixture.with("live-restore-\(verb)", settings: settings) { fixture in
                    let end = try await fixture.withSupervisor(.docker, options) { supervisor in
                        let container = try await supervisor.onlyContainer()["Id"]
                        let id = try await fixture.submitScript("echo begun; sleep 5; echo ended")
                        try await fixture.waitFor(id, toPrint: "begun")
                        try await engines.control(verb, .docker)
                        if verb == "kill" {
                            try await eventually("the outage to be known") {
                                try await fixture.acode("worker", "list").errorText.contains("can't be used since")
                            }
                            try await engines.control("start", .docker)
                        }
                        let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                        #expect(task["attempt"] == 1)
                        #expect(try await fixture.acode("task", "logs", id).text == "begun\nended\n")
                        #expect(try await fixture.runScript("echo after").text == "after\n")
                        #expect(try await supervisor.onlyContainer()["Id"] == container)
                    }
                    #expect(!end.errorText.contains("a restart of this engine ends every container"), "\(end)")
                    #expect(!end.errorText.contains("worker lost"), "\(end)")
                    let left = try await engines.api(.docker).containers(label: "acode.pool=\(fixture.pool)")
                    #expect(left.isEmpty)
                }
            }
        }
    }
}
