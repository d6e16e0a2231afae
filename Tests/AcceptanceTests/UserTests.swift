import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-053, FR-062: who tasks run as, and the engine's socket.
    @Suite("Users and the engine's socket", .timeLimit(.minutes(1)))
    struct Users {
        @Test("a task may name its user, but root only where that is allowed", arguments: Engine.all)
        func ofTasks(_ engine: Engine) async throws {
            try await AcodeFixture.with("users-\(engine)") { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let run = try await fixture.runScript(
                        "id -u; id -g; touch mine && rm mine", ["--user", "2000:2001"])
                    #expect(run.lines == ["2000", "2001"], "\(run)")
                    for user in ["0:0", "1000:0", "0:1000"] {
                        let refused = try await fixture.runScript("true", ["--user", user])
                        #expect(refused.code == 1)
                        #expect(refused.errorText.contains("the user \(user) is root"), "\(refused)")
                        #expect(refused.errorText.contains("workers.docker.allowRoot"))
                    }
                    let wrong = try await fixture.runScript("true", ["--user", "worker"])
                    #expect(wrong.code == 64 || wrong.code == 78, "\(wrong)")
                }
            }
        }

        @Test("with allowRoot a task may be root, and only that task", arguments: Engine.all)
        func root(_ engine: Engine) async throws {
            try await AcodeFixture.with("users-root-\(engine)", settings: ["workers.docker.allowRoot": true]) {
                fixture in
                var options = PoolOptions()
                options.image = TestImage.root
                try await fixture.withSupervisor(.of(engine), options) { _ in
                    let asRoot = try await fixture.runScript("id -u", ["--user", "0:0"])
                    #expect(asRoot.lines == ["0"], "\(asRoot)")
                    let asUsual = try await fixture.runScript("id -u")
                    #expect(asUsual.lines == ["1000"], "\(asUsual)")
                }
            }
        }

        @Test("the engine's socket is in a container only where that is allowed", arguments: Engine.all)
        func engineSocket(_ engine: Engine) async throws {
            let socket = try engine.socket
            let mount: JSONValue = [["source": .string(socket), "target": "/engine.sock"]]
            for isAllowed in [false, true] {
                let settings: [String: JSONValue] = [
                    "workers.docker.mounts": mount, "workers.docker.socket": .string(socket),
                    "workers.docker.allowEngineSocket": .bool(isAllowed),
                ]
                try await AcodeFixture.with("engine-socket-\(engine)", settings: settings) { fixture in
                    guard isAllowed else {
                        let start = try await fixture.acode("worker", "start")
                        #expect(start.code == 78, "\(start)")
                        #expect(start.errorText.contains("gives control of the engine"))
                        return
                    }
                    try await fixture.withSupervisor(.of(engine)) { supervisor in
                        let run = try await fixture.runScript("test -S /engine.sock && echo there")
                        #expect(run.lines == ["there"], "\(run)")
                        let id = try #require(try await supervisor.workers().first?["id"].string)
                        let table = try await fixture.acode("worker", "inspect", "--security", id)
                        #expect(table.code == 0 && table.text.contains("allowed by the configuration"), "\(table)")
                    }
                }
            }
        }
    }
}
