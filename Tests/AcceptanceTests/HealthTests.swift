import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-028…029: a worker that is not well is replaced and its task runs again; one that is only slow is left alone.
    @Suite("Health", .timeLimit(.minutes(5)))
    struct Health {
        /// Questions every second, three without an answer are too many.
        private static let watch: [String: JSONValue] = ["workers.health": ["interval": "1s", "retries": 3]]

        @Test("an agent that is stopped for good is replaced, and its task runs again", arguments: Engine.all)
        func silent(_ engine: Engine) async throws {
            try await AcodeFixture.with("silent-\(engine)", settings: Self.watch) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let id = try await fixture.submitScript("echo begun; [ $ACODE_ATTEMPT = 2 ] || sleep 600")
                    try await fixture.waitFor(id, toPrint: "begun")
                    kill(Int32(try #require(try await supervisor.onlyContainer()["State"]["Pid"].int)), SIGSTOP)
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 2)
                    let first = task["attempts"].elements.first { $0["attempt"] == 1 } ?? .null
                    #expect(first["outcome"] == "worker_lost")
                    #expect(first["reason"].string?.contains("stopped by a signal") == true, "\(first)")
                }
            }
        }

        @Test("an agent that is stopped for a moment is not", arguments: Engine.all)
        func aMoment(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.health": ["interval": "1s", "retries": 8]]
            try await AcodeFixture.with("moment-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let id = try await fixture.submitScript("echo begun; sleep 6; echo ended")
                    try await fixture.waitFor(id, toPrint: "begun")
                    let agent = Int32(try #require(try await supervisor.onlyContainer()["State"]["Pid"].int))
                    kill(agent, SIGSTOP)
                    try await Task.sleep(for: .seconds(3))
                    kill(agent, SIGCONT)
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(40))
                    #expect(task["attempt"] == 1)
                }
            }
        }

        @Test("a task that uses up a tenth of a core does not make its agent look dead", arguments: Engine.all)
        func starved(_ engine: Engine) async throws {
            try await AcodeFixture.with("starved-\(engine)", settings: Self.watch) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    // Longer than an agent that does not answer would live.
                    let script = "for i in 1 2 3 4 5 6; do while :; do :; done & done; sleep 9; echo done"
                    let run = try await fixture.runScript(
                        script, ["--cpus", "0.1", "--name", "hog"], within: .seconds(80))
                    #expect(run.code == 0 && run.text == "done\n", "\(run)")
                    #expect(try await fixture.task(named: "hog")["attempt"] == 1)
                }
            }
        }

        @Test("a container whose healthcheck fails is replaced, and its task runs again", arguments: Engine.all)
        func healthcheck(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.healthcheck": [
                    "command": ["/check/check"], "interval": "1s", "timeout": "10s", "retries": 2, "startPeriod": "0s",
                ],
                "secrets": ["token": ["env": "SECRET_OF_TEST"]],
            ]
            try await AcodeFixture.with("healthcheck-\(engine)", settings: settings) { fixture in
                let place = try fixture.openDirectory("check")
                try fixture.write(
                    "#!/bin/sh\n[ -e /workspace/ill ] || exit 0\necho ill with $(cat /run/secrets/token)\nexit 1\n",
                    to: "\(place)/check")
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(place)/check")
                var options = PoolOptions()
                options.environment = [
                    "SECRET_OF_TEST": "s3cr3t-of-check",
                    "ACODE_WORKERS_DOCKER_MOUNTS": "[{source: \(place), target: /check, readOnly: true}]",
                ]
                let end = try await fixture.withSupervisor(.of(engine), options) { supervisor in
                    let worker = try await supervisor.workers().first?["id"].string
                    let id = try await fixture.submitScript(
                        "echo begun; [ $ACODE_ATTEMPT = 2 ] && exit 0; touch /workspace/ill; sleep 600",
                        ["--secret", "token"])
                    let task = try await fixture.waitFor(id, state: "complete", within: .seconds(60))
                    #expect(task["attempt"] == 2)
                    let first = task["attempts"].elements.first { $0["attempt"] == 1 } ?? .null
                    #expect(first["outcome"] == "worker_lost")
                    #expect(first["reason"].string?.contains("healthcheck failed 2 times") == true, "\(first)")
                    // Podman keeps no output of healthchecks.
                    if engine == .docker {
                        #expect(first["reason"].string?.contains("ill with [secret token]") == true, "\(first)")
                    }
                    #expect(first["worker"].string == worker)
                }
                #expect(!end.errorText.contains("s3cr3t-of-check"))
            }
        }
    }
}
