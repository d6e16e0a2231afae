import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-012…026, NFR-001, NFR-002, NFR-006: from start to stop, seen from the engine.
    @Suite("Lifecycle", .timeLimit(.minutes(5)))
    struct Lifecycle {
        @Test("start, run a task, stop: nothing is left", arguments: Engine.all)
        func startRunStop(_ engine: Engine) async throws {
            try await AcodeFixture.with("lifecycle-\(engine)") { fixture in
                let end = try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let run = try await fixture.runScript("echo hello; exit 3")
                    #expect(run.text == "hello\n")
                    #expect(run.code == 3)
                    #expect(try await supervisor.containers().count == 1)
                }
                #expect(end.code == 0)
                #expect(try await engine.api.containers(label: "acode.pool=\(fixture.pool)").isEmpty)
                // What supervisors need while they live is gone; what tasks wrote stays.
                let runtime = "\(fixture.runtimeDirectory)/\(fixture.pool)"
                let workers = try FileManager.default.contentsOfDirectory(atPath: "\(runtime)/w")
                #expect(workers.isEmpty)
                #expect(!FileManager.default.fileExists(atPath: "\(runtime)/control.sock"))
                #expect(try await fixture.tasks().count == 1)
            }
        }

        @Test("containers carry the names and labels that were promised", arguments: Engine.all)
        func namesAndLabels(_ engine: Engine) async throws {
            try await AcodeFixture.with("names-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine), PoolOptions(count: 2)) { supervisor in
                    let containers = try await supervisor.containers()
                    let workers = try await supervisor.workers()
                    #expect(containers.count == 2)
                    for container in containers {
                        let details = try await engine.api.inspect(try #require(container["Id"].string))
                        let labels = details["Config"]["Labels"]
                        let worker = try #require(workers.first { $0["containerID"] == details["Id"] })
                        let id = try #require(worker["id"].string)
                        #expect(details["Name"] == "/acode-worker-\(id)")
                        #expect(worker["containerName"] == "acode-worker-\(id)")
                        #expect(labels["acode.worker"] == "true")
                        #expect(labels["acode.pool"] == fixture.pool)
                        #expect(labels["acode.worker.id"] == id)
                        #expect(labels["acode.supervisor"].string?.isEmpty == false)
                        #expect(labels["acode.version"].string?.isEmpty == false)
                    }
                    let supervisors = containers.map { $0["Labels"]["acode.supervisor"] }
                    #expect(supervisors.first == supervisors.last)
                }
            }
        }

        @Test("the engine's own logs show a task's output", arguments: Engine.all)
        func engineLogs(_ engine: Engine) async throws {
            try await AcodeFixture.with("engine-logs-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    try await fixture.runScript("echo words for stdout; echo words for stderr >&2").succeeded()
                    let id = try #require(try await supervisor.onlyContainer()["Id"].string)
                    try await eventually("the engine's logs to hold both lines") {
                        let logs = try await engine.api.logs(id)
                        return logs.output.text.contains("words for stdout\n")
                            && logs.error.text.contains("words for stderr\n")
                    }
                    let shown = try await fixture.acode("worker", "logs", String(id.prefix(12)))
                    let byWorker = try await fixture.acode(
                        "worker", "logs", try #require(try await supervisor.workers().first?["id"].string))
                    #expect(byWorker.text.contains("words for stdout\n"))
                    #expect(shown.code == 0 && shown.text == byWorker.text, "\(shown)")
                }
            }
        }

        @Test("a worker starts within 10 s and stops within 15 s", arguments: Engine.all)
        func timesToStartAndStop(_ engine: Engine) async throws {
            try await AcodeFixture.with("times-\(engine)") { fixture in
                let clock = ContinuousClock()
                let began = clock.now
                var stopping = began
                try await fixture.withSupervisor(.of(engine)) { _ in
                    #expect(clock.now - began < .seconds(10))
                    stopping = clock.now
                }
                #expect(clock.now - stopping < .seconds(15))
            }
        }

        @Test("--keep-containers leaves them stopped and readable, also over the next start", arguments: Engine.all)
        func keepContainers(_ engine: Engine) async throws {
            try await AcodeFixture.with("keep-\(engine)") { fixture in
                let api = try engine.api
                fixture.atEnd {
                    for container in try await api.containers(label: "acode.pool=\(fixture.pool)") {
                        try await api.remove(container["Id"].string ?? "")
                    }
                }
                var options = PoolOptions()
                options.flags += ["--keep-containers"]
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    try await fixture.runScript("echo to be read later").succeeded()
                }
                let kept = try await api.containers(label: "acode.pool=\(fixture.pool)")
                #expect(kept.count == 1)
                let id = try #require(kept.first?["Id"].string)
                #expect(try await api.inspect(id)["State"]["Running"] == false)
                #expect(try await api.logs(id).output.text.contains("to be read later\n"))
                try await fixture.withSupervisor(.of(engine)) { _ in
                    try await fixture.runScript("true").succeeded()
                }
                let still = try await api.containers(label: "acode.pool=\(fixture.pool)")
                #expect(still.map { $0["Id"] } == [.string(id)])
            }
        }

        @Test("the pool's settings reach the container", arguments: Engine.all)
        func networkAndEnvironment(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = [
                "workers.docker.network": "none", "workers.docker.environment": ["FROM_POOL": "yes"],
                "workers.docker.extraHosts": ["db.test:10.0.0.5"], "workers.docker.readOnlyRootFilesystem": true,
            ]
            try await AcodeFixture.with("settings-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { supervisor in
                    let details = try await supervisor.onlyContainer()
                    #expect(details["HostConfig"]["NetworkMode"] == "none")
                    #expect(details["HostConfig"]["ReadonlyRootfs"] == true)
                    let run = try await fixture.runScript(
                        "echo $FROM_POOL; ls /sys/class/net; touch /etc/x 2>/dev/null || echo read-only")
                    #expect(run.lines == ["yes", "lo", "read-only"])
                }
            }
        }
    }
}
