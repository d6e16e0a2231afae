import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-053, FR-056…074 where the users of containers are others on this host.
    @Suite("User namespaces", .timeLimit(.minutes(5)))
    struct UserNamespaces {
        @Test("with userns-remap tasks have their files, worktrees, outputs and secrets, and stay in it")
        func remapped() async throws {
            let base = "/tmp/acode-userns-\(UInt32.random(in: 0...(.max)))"
            defer { try? FileManager.default.removeItem(atPath: base) }
            for name in ["repo", "tree"] {
                try FileManager.default.createDirectory(
                    atPath: "\(base)/\(name)", withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o755])
            }
            let making =
                "git init -q -b main && echo one > file && git add . && "
                + "git -c user.name=t -c user.email=t@example.org commit -q -m one"
            _ = try await ChildProcess.tool(
                ProcessPlan("/bin/sh", ["-c", making], directory: "\(base)/repo"), within: .seconds(20))
            let settings: [String: JSONValue] = [
                "workers.docker.allowedMounts": [.string(base)], "secrets": ["token": ["env": "SECRET_OF_TEST"]],
            ]
            try await EngineInstance.with([.docker], remapsUsers: true) { engines in
                try await AcodeFixture.with("userns", settings: settings) { fixture in
                    var options = PoolOptions()
                    options.engines = engines
                    options.environment = ["SECRET_OF_TEST": "s3cr3t-of-userns"]
                    try await fixture.withSupervisor(.docker, options) { supervisor in
                        let pid = try #require(try await supervisor.onlyContainer()["State"]["Pid"].int)
                        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
                        #expect(status.contains("Uid:\t201000\t201000"), "\(status)")
                        let worker = try #require(try await supervisor.workers().first?["id"].string)
                        let table = try await fixture.acode("worker", "inspect", "--security", worker)
                        #expect(table.code == 0 && table.text.contains("(0 in it is 200000 on the host)"), "\(table)")
                        let doctor = try await fixture.acode(
                            "doctor", "--engine-socket", engines.api(.docker).socket)
                        #expect(doctor.text.contains("root of a container is user 200000 of this host"), "\(doctor)")
                        try await Self.use(fixture, base)
                    }
                }
                try await Self.refuse(engines)
            }
        }

        @Test("a Podman whose containers have users of their own without a word is told as such, with the fix")
        func unsaid() async throws {
            try await EngineInstance.with([.podman], remapsUsers: true) { engines in
                try await AcodeFixture.with("userns-unsaid") { fixture in
                    let api = engines.api(.podman)
                    let run = try await fixture.acode(
                        "run", "--image", TestImage.busybox, "--engine-socket", api.socket, "--", "true")
                    #expect(run.code == 69, "\(run)")
                    #expect(run.errorText.contains("other users than this host's (userns in its containers.conf)"))
                    #expect(run.errorText.contains("leave userns out there, or use a rootless Podman"), "\(run)")
                    #expect(try await api.containers(label: "acode.worker=true").isEmpty)
                }
            }
        }

        /// A supervisor that is not root can't give directories to the shifted users.
        private static func refuse(_ engines: EngineInstance) async throws {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o666], ofItemAtPath: engines.api(.docker).socket)
            try await AcodeFixture.with("userns-refused") { fixture in
                var options = PoolOptions()
                options.engines = engines
                options.user = 65534
                options.waitsForWorkers = false
                options.mayFail = true
                let end = try await fixture.withSupervisor(.docker, options) { supervisor in
                    try await supervisor.process.waitForEnd(within: .seconds(10))
                }
                #expect(end.code == 78, "\(end)")
                #expect(end.errorText.contains("to which only root can give directories"), "\(end)")
                #expect(end.errorText.contains("run the supervisor as root"), "\(end)")
            }
        }

        /// Twice with each user: what was made anew for the second task has to be its user's as well.
        private static func use(_ fixture: AcodeFixture, _ base: String) async throws {
            for (user, id) in [([], 1000), (["--user", "2000:2001"], 2000), ([], 1000)] {
                for round in 1...2 {
                    let name = "\(id)-\(round)"
                    let run = try await fixture.runScript(
                        """
                        cat file; echo x > file; echo \(name) > $ACODE_OUTPUT_DIR/out; stat -c %u . file $ACODE_OUTPUT_DIR
                        echo $(cat $ACODE_SECRETS_DIR/token)
                        """,
                        user + ["--git", "\(base)/repo@main", "--output", "out", "--secret", "token", "--name", name])
                    #expect(run.lines == ["one", "\(id)", "\(id)", "\(id)", "[secret token]"], "\(run)")
                }
            }
            let refused = try await fixture.runScript("echo x > file", ["--worktree", "\(base)/tree"])
            #expect(refused.errorText.contains("the worker runs as uid 1000 (201000 on this host)"), "\(refused)")
            #expect(refused.errorText.contains("chown it to 201000"), "\(refused)")
        }
    }
}
