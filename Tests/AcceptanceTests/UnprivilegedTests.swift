import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// NFR-010: a supervisor that is not root, with a socket it may open.
    @Suite("Supervisor without root", .timeLimit(.minutes(3)))
    struct Unprivileged {
        private static let user: UInt32 = 4321

        private static func pool(
            _ name: String, _ engine: Engine, settings: [String: JSONValue] = [:],
            _ body: (AcodeFixture) async throws -> Void
        ) async throws {
            let proxy = try SocketProxy(upstream: try engine.socket)
            defer { proxy.stop() }
            try #require(chmod(proxy.socketPath, 0o666) == 0)
            let directory = URL(fileURLWithPath: proxy.socketPath).deletingLastPathComponent().path
            try #require(chmod(directory, 0o755) == 0)
            var settings = settings
            settings["secrets"] = ["token": ["env": "SECRET_OF_TEST"]]
            settings["workers.recycle"] = "never"
            try await AcodeFixture.with("\(name)-\(engine)", settings: settings) { fixture in
                var options = PoolOptions()
                options.user = user
                options.engineSocket = proxy.socketPath
                options.environment = ["SECRET_OF_TEST": "s3cr3t-of-a-user"]
                try await fixture.withSupervisor(.of(engine), options) { _ in try await body(fixture) }
            }
        }

        @Test("its containers run as its own user, and everything is cleaned up", arguments: Engine.all)
        func ownUser(_ engine: Engine) async throws {
            try await Self.pool("unprivileged", engine) { fixture in
                let first = try await fixture.runScript(
                    "id -u; stat -c '%a %u' /run/secrets/token; wc -c < /run/secrets/token; for d in . $ACODE_OUTPUT_DIR; do mkdir -p $d/a/b; touch $d/a/b/c; chmod 0 $d/a; done",
                    ["--secret", "token"])
                #expect(first.lines == ["4321", "400 4321", "16"], "\(first)")
                let next = try await fixture.runScript(
                    "ls -A . $ACODE_OUTPUT_DIR /run/secrets | grep -v : | grep .; touch x")
                #expect(next.text == "", "\(next)")
                let own = try await fixture.runScript("id -u; id -g", ["--user", "4321:100"])
                #expect(own.lines == ["4321", "100"], "\(own)")
                let another = try await fixture.runScript("true", ["--user", "2000:2001"])
                #expect(another.code == 1)
                #expect(another.errorText.contains("could not remove what the user 2000:2001 leaves"), "\(another)")
                #expect(another.errorText.contains("run the supervisor as root"), "\(another)")
            }
        }

        @Test(
            "with another user tasks work and find no leftovers; a secret is refused with the fix",
            arguments: Engine.all)
        func anotherUser(_ engine: Engine) async throws {
            let settings: [String: JSONValue] = ["workers.docker.user": "1000:1000"]
            try await Self.pool("unprivileged-other", engine, settings: settings) { fixture in
                let first = try await fixture.runScript(
                    "id -u; for d in . $ACODE_OUTPUT_DIR; do mkdir -p $d/a/b; touch $d/a/b/c; chmod 700 $d/a; done")
                #expect(first.lines == ["1000"])
                let next = try await fixture.runScript("ls -A; ls -A $ACODE_OUTPUT_DIR; touch x")
                #expect(next.text == "")
                let secret = try await fixture.runScript("true", ["--secret", "token"])
                #expect(secret.code == 1)
                #expect(secret.errorText.contains("set workers.docker.user to 4321:4321"), "\(secret)")
            }
        }

        @Test("a local pool has no cgroup and says so, but keeps what needs no root")
        func local() async throws {
            try await AcodeFixture.with("unprivileged-local") { fixture in
                var options = PoolOptions()
                options.user = Self.user
                try await fixture.withSupervisor(.local, options) { supervisor in
                    let run = try await fixture.runScript(
                        "id -u; ulimit -n; ulimit -c; grep NoNewPrivs /proc/self/status; (setsid env -i sleep 8770 &)")
                    #expect(run.lines == ["4321", "1024", "0", "NoNewPrivs:\t1"], "\(run)")
                    #expect(ProcessTable.mentioning("sleep\0008770").isEmpty)
                    let id = try #require(try await supervisor.workers().first?["id"].string)
                    let table = try await fixture.acode("worker", "inspect", "--security", id)
                    #expect(table.code == 1)
                    #expect(table.text.contains("memory: not limited, because can't make the cgroup"), "\(table)")
                }
            }
        }
    }
}
