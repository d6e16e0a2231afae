import TestSupport
import Testing

extension Acceptance {
    /// FR-004…011, FR-053: images of every kind.
    @Suite("Images", .timeLimit(.minutes(5)))
    struct Images {
        @Test("an image without a shell, a passwd file or anything else works", arguments: Engine.all)
        func noShell(_ engine: Engine) async throws {
            try await AcodeFixture.with("noshell-\(engine)") { fixture in
                var options = PoolOptions()
                options.image = TestImage.noShell
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    let run = try await fixture.submitAndWait([], ["/noshell", "no shell here", "7"])
                    #expect(run.text == "no shell here\n")
                    #expect(run.code == 7)
                    #expect(try await fixture.submitAndWait([], ["sh"]).code == 127)
                }
            }
        }

        @Test("a task of an image whose user is root runs as 1000", arguments: Engine.all)
        func rootImage(_ engine: Engine) async throws {
            try await AcodeFixture.with("root-\(engine)") { fixture in
                var options = PoolOptions()
                options.image = TestImage.root
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    let run = try await fixture.runScript("id -u; id -g; touch /etc/x 2>/dev/null || echo refused")
                    #expect(run.lines == ["1000", "1000", "refused"])
                }
            }
        }

        @Test("a task may name another image than the pool's", arguments: Engine.all)
        func imageOfTask(_ engine: Engine) async throws {
            try await AcodeFixture.with("image-of-task-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.submitAndWait(
                        ["--image", TestImage.noShell], ["/noshell", "other image", "0"])
                    #expect(run.text == "other image\n")
                    #expect(try await fixture.runScript("echo back").text == "back\n")
                }
            }
        }

        @Test("a missing image that may not be pulled is a plain error", arguments: Engine.all)
        func missingImage(_ engine: Engine) async throws {
            try await AcodeFixture.with(
                "missing-\(engine)", settings: ["workers.docker.pullPolicy": "never"]
            ) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let run = try await fixture.submitAndWait(
                        ["--image", "docker.io/library/acode-nowhere:1", "--name", "lost"], ["true"])
                    #expect(run.code == 1)
                    let task = try await fixture.task(named: "lost")
                    #expect(task["outcome"] == "worker_unavailable")
                    #expect(task["reason"].string?.contains("docker.io/library/acode-nowhere:1") == true)
                    #expect(task["reason"].string?.contains("never") == true)
                    #expect(run.errorText.contains("acode-nowhere"))
                    // One task's bad image is no trouble of the pool.
                    #expect(try await fixture.runScript("echo fine").text == "fine\n")
                    #expect(!supervisor.process.hasEnded)
                }
            }
        }

        @Test("a registry that refuses is told in the engine's own words", arguments: Engine.all)
        func registryRefuses(_ engine: Engine) async throws {
            try await AcodeFixture.with("registry-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.submitAndWait(
                        ["--image", "127.0.0.1:1/nowhere:1", "--name", "refused"], ["true"], within: .seconds(100))
                    #expect(run.code == 1)
                    let reason = try await fixture.task(named: "refused")["reason"].string ?? ""
                    #expect(reason.contains("127.0.0.1:1/nowhere:1"))
                    #expect(reason.contains("connection refused"))
                }
            }
        }

        @Test("a pool whose own image is missing says so and stays controllable", arguments: Engine.all)
        func poolImageMissing(_ engine: Engine) async throws {
            try await AcodeFixture.with(
                "pool-image-\(engine)", settings: ["workers.docker.pullPolicy": "never"]
            ) { fixture in
                var options = PoolOptions()
                options.image = "docker.io/library/acode-nowhere:1"
                options.waitsForWorkers = false
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    try await eventually("the supervisor to name the image") {
                        supervisor.process.errorText.contains("acode-nowhere")
                    }
                    let run = try await fixture.submitAndWait([], ["true"])
                    #expect(run.code == 1)
                    #expect(run.errorText.contains("acode-nowhere"))
                    try await fixture.acode("worker", "stop").succeeded()
                    try await supervisor.process.waitForEnd(within: .seconds(15))
                }
            }
        }
    }
}
