import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-016…018, FR-030: containers whose agent never calls. In place of the agent a script is mounted into them.
    @Suite("Start failures", .timeLimit(.minutes(5)))
    struct StartFailures {
        private static func options(_ fixture: AcodeFixture, agent script: String) throws -> PoolOptions {
            let agent = try fixture.file("agent", "#!/bin/sh\n\(script)\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: agent)
            // The container's user must be able to read it.
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fixture.scratch)
            var options = PoolOptions()
            options.environment = ["ACODE_AGENT": agent]
            options.waitsForWorkers = false
            return options
        }

        @Test("a start that takes too long is given up, with the container's last words", arguments: Engine.all)
        func timeout(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.startTimeout": "2s", "workers.docker.restart": ["backoff": "30s", "maxBackoff": "30s"],
            ]
            try await AcodeFixture.with("start-timeout-\(engine)", settings: settings) { fixture in
                let options = try Self.options(fixture, agent: "echo still thinking; exec sleep 600")
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let worker: JSONValue = try await eventually("the failure", within: .seconds(40)) {
                        let workers = (try? await supervisor.workers()) ?? []
                        return workers.first { $0["status"] == "backingOff" }
                    }
                    let reason = worker["reason"].string ?? ""
                    #expect(reason.contains("did not call within 2 s"), "\(reason)")
                    #expect(reason.contains("still thinking"), "\(reason)")
                    #expect(supervisor.process.errorText.contains("did not call within 2 s"))
                    try await eventually("the container to be gone") { try await supervisor.containers().isEmpty }
                }
            }
        }

        @Test(
            "a container that ends at once is tried again, so many times, and then crash-loops", arguments: Engine.all)
        func diesAtOnce(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.restart": ["maxRestarts": 1, "backoff": "100ms", "maxBackoff": "200ms"]
            ]
            try await AcodeFixture.with("start-dies-\(engine)", settings: settings) { fixture in
                let options = try Self.options(fixture, agent: "echo broken on purpose >&2; exit 3")
                try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let worker: JSONValue = try await eventually("crashLooping", within: .seconds(40)) {
                        let workers = (try? await supervisor.workers()) ?? []
                        return workers.first { $0["status"] == "crashLooping" }
                    }
                    let reason = worker["reason"].string ?? ""
                    #expect(reason.contains("2 times within 10m"), "\(reason)")
                    // The engine may have been quicker to start it again.
                    #expect(reason.contains("exit code 3") || reason.contains("started again"), "\(reason)")
                    #expect(reason.contains("broken on purpose"), "\(reason)")
                    #expect(try await supervisor.containers().isEmpty)
                    // A command in a pool of its own is told instead of waiting.
                    let run = try await fixture.acode(
                        ["run", "--image", TestImage.busybox, "--engine-socket", try engine.socket, "--", "true"],
                        environment: options.environment)
                    #expect(run.code == 69, "\(run)")
                    #expect(run.errorText.contains("broken on purpose"))
                }
            }
        }
    }
}
