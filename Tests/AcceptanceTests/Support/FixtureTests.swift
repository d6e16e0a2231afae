import TestSupport
import Testing

extension Acceptance {
    /// The fixture's own promises: a leak that it can't see would make every other test blind.
    @Suite("Fixture", .timeLimit(.minutes(3)))
    struct Fixture {
        @Test("a process that is left behind fails the test and is removed")
        func processLeftBehind() async throws {
            let mark = "8768\(UInt16.random(in: 1000...9999))"
            await #expect(throws: LeftBehind.self) {
                try await AcodeFixture.with("leak-process") { fixture in
                    let plan = ProcessPlan(
                        "/bin/sh", ["-c", "setsid sleep \(mark) & exit 0"], environment: fixture.environment)
                    _ = try await ChildProcess.tool(plan, within: .seconds(5))
                }
            }
            try await eventually("it to be gone") { ProcessTable.mentioning("sleep\0\(mark)").isEmpty }
        }

        @Test("a container that is left behind fails the test and is removed", arguments: Engine.all)
        func containerLeftBehind(_ engine: Engine) async throws {
            var pool = ""
            await #expect(throws: LeftBehind.self) {
                try await AcodeFixture.with("leak-container-\(engine)") { fixture in
                    pool = fixture.pool
                    let body: JSONValue = [
                        "Image": .string(TestImage.busybox), "Cmd": ["sleep", "600"],
                        "Labels": ["acode.worker": "true", "acode.pool": .string(fixture.pool)],
                        // Podman's own default is above this machine's hard limits.
                        "HostConfig": [
                            "Ulimits": [
                                ["Name": "nofile", "Soft": 64, "Hard": 64], ["Name": "nproc", "Soft": 64, "Hard": 64],
                            ]
                        ],
                    ]
                    let id = try await engine.api.json("POST", "/containers/create", body: body)["Id"].string ?? ""
                    _ = try await engine.api.call("POST", "/containers/\(id)/start")
                    #expect(try await engine.api.inspect(id)["State"]["Running"] == true)
                }
            }
            #expect(try await engine.api.containers(label: "acode.pool=\(pool)").isEmpty)
        }

        @Test("a command that does not end is killed and told")
        func deadline() async throws {
            try await AcodeFixture.with("deadline") { fixture in
                await #expect(throws: UnexpectedEnd.self) {
                    _ = try await ChildProcess.run(
                        ProcessPlan("/bin/sleep", ["600"]), logs: fixture.logs, within: .milliseconds(200))
                }
            }
        }

        @Test("exit codes and signals are told apart as a shell does")
        func exitCodes() async throws {
            try await AcodeFixture.with("codes") { fixture in
                for (script, code) in [("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)] {
                    let run = try await ChildProcess.run(
                        ProcessPlan("/bin/sh", ["-c", script]), logs: fixture.logs, within: .seconds(5))
                    #expect(run.code == Int32(code))
                    #expect((run.signal == nil) == (code < 128))
                }
            }
        }
    }
}
