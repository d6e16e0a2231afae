import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-053, FR-062: who tasks run as, and the engine's socket.
    @Suite("Users and the engine's socket", .timeLimit(.minutes(3)))
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

        @Test("what acode makes for a task belongs to the task's own user", arguments: Engine.all)
        func filesOfTasks(_ engine: Engine) async throws {
            let base = "/tmp/acode-users-\(UInt32.random(in: 0...(.max)))"
            defer { try? FileManager.default.removeItem(atPath: base) }
            for name in ["repo", "tree"] {
                try FileManager.default.createDirectory(
                    atPath: "\(base)/\(name)", withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o755])
            }
            _ = try await ChildProcess.tool(
                ProcessPlan(
                    "/bin/sh",
                    [
                        "-c",
                        "git init -q -b main && echo one > file && git add . && "
                            + "git -c user.name=t -c user.email=t@example.org commit -q -m one",
                    ], directory: "\(base)/repo"), within: .seconds(20))
            let settings: [String: JSONValue] = ["workers.docker.allowedMounts": [.string(base)]]
            try await AcodeFixture.with("users-files-\(engine)", settings: settings) { fixture in
                try await fixture.withSupervisor(.of(engine)) { _ in
                    let user = ["--user", "2000:2001"]
                    var workers: Set<String> = []
                    for round in 1...3 {
                        let run = try await fixture.runScript(
                            """
                            echo $ACODE_WORKER_ID; echo \(round) > $ACODE_OUTPUT_DIR/out
                            touch stray $ACODE_OUTPUT_DIR/stray $ACODE_TEMP_DIR/stray; stat -c %u . $ACODE_OUTPUT_DIR
                            """, user + ["--output", "out"])
                        #expect(run.code == 0 && run.lines.dropFirst() == ["2000", "2000"], "\(run)")
                        workers.formUnion(run.lines.prefix(1))
                    }
                    #expect(workers.count == 1)
                    let git = try await fixture.runScript(
                        "cat file; echo two > file && rm -rf .git/objects && touch new && stat -c %u file .git",
                        user + ["--git", "\(base)/repo@main"])
                    #expect(git.lines == ["one", "2000", "2000"], "\(git)")
                    let refused = try await fixture.runScript("echo x > file", user + ["--worktree", "\(base)/tree"])
                    #expect(refused.errorText.contains("the worker runs as uid 2000"), "\(refused)")
                    #expect(refused.errorText.contains("chown it to 2000"), "\(refused)")
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
