import Foundation
import TestSupport
import Testing

extension Acceptance {
    /// FR-008: credentials of a registry with a password, from wherever a user keeps them.
    @Suite("Registry credentials", .timeLimit(.minutes(8)))
    struct RegistryLogins {
        private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

        /// What every base64 text with `secret` somewhere in it contains, whatever stands before and after: `user:secret`,
        /// and the JSON that engines are sent, too.
        private static func base64Cores(of secret: String) -> [String] {
            (0...2).map { shift in
                let bytes = Data(repeating: 0, count: shift) + Data(secret.utf8)
                let text = bytes.base64EncodedString()
                let head = (shift * 8 + 5) / 6
                return String(text.prefix(bytes.count * 8 / 6).dropFirst(head))
            }
        }

        /// A `DOCKER_CONFIG` with this as its config.json.
        private static func dockerConfig(_ fixture: AcodeFixture, _ content: JSONValue) throws -> [String: String] {
            let directory = try fixture.openDirectory("docker")
            try fixture.write(try content.encoded(), to: "\(directory)/config.json")
            return ["DOCKER_CONFIG": directory]
        }

        @Test("Docker's config.json and Podman's auth.json are read", arguments: Engine.all)
        func files(_ engine: Engine) async throws {
            try await AcodeFixture.with("login-files-\(engine)") { fixture in
                let registry = try TestRegistry.private
                let login = try #require(registry.credentials)
                let image = "\(registry.host)/t/\(fixture.id):1"
                try await registry.push("t/\(fixture.id)")
                let auths: JSONValue = ["auths": .object([registry.host: ["auth": .string(Self.base64(login))]])]
                let docker = try Self.dockerConfig(fixture, auths)
                try await fixture.pull(image, on: engine, environment: docker).succeeded()
                let file = try fixture.file("auth.json", try auths.encoded())
                try await fixture.pull(image, on: engine, environment: ["REGISTRY_AUTH_FILE": file]).succeeded()
                // Where `docker login` puts it when nothing says otherwise. An empty variable is none.
                let home = try fixture.openDirectory("home/.docker")
                try fixture.write(try auths.encoded(), to: "\(home)/config.json")
                try await fixture.pull(
                    image, on: engine, environment: ["HOME": "\(fixture.scratch)/home", "DOCKER_CONFIG": ""]
                ).succeeded()
            }
        }

        @Test("a credential helper is asked", arguments: Engine.all)
        func helper(_ engine: Engine) async throws {
            try await AcodeFixture.with("login-helper-\(engine)") { fixture in
                let registry = try TestRegistry.private
                let login = try #require(registry.credentials).split(separator: ":").map(String.init)
                let image = "\(registry.host)/t/\(fixture.id):1"
                try await registry.push("t/\(fixture.id)")
                let directory = try fixture.openDirectory("bin")
                let path = "\(directory)/docker-credential-test"
                try fixture.write(
                    """
                    #!/bin/sh
                    read -r server
                    [ "$1 $server" = "get \(registry.host)" ] || { echo "credentials not found in native keychain"; exit 1; }
                    printf '{"ServerURL":"%s","Username":"\(login[0])","Secret":"\(login[1])"}' "$server"
                    """, to: path)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
                var environment = try Self.dockerConfig(fixture, ["credsStore": "test"])
                environment["PATH"] = "\(directory):/usr/bin:/bin"
                try await fixture.pull(image, on: engine, environment: environment).succeeded()
                environment.merge(
                    try Self.dockerConfig(fixture, ["credHelpers": .object([registry.host: "test"])])
                ) { _, own in own }
                try await fixture.pull(image, on: engine, environment: environment).succeeded()
                environment.merge(
                    try Self.dockerConfig(fixture, ["credHelpers": .object([registry.host: "missing"])])
                ) { _, own in own }
                let run = try await fixture.pull(image, on: engine, environment: environment)
                #expect(run.code == 1)
                #expect(run.errorText.contains("docker-credential-missing"))
            }
        }

        @Test("wrong and missing credentials are told apart, and no password is shown", arguments: Engine.all)
        func refused(_ engine: Engine) async throws {
            try await AcodeFixture.with("login-refused-\(engine)") { fixture in
                let registry = try TestRegistry.private
                let image = "\(registry.host)/t/\(fixture.id):1"
                try await registry.push("t/\(fixture.id)")
                let missing = try await fixture.pull(image, on: engine)
                #expect(missing.code == 1)
                #expect(missing.errorText.contains("no credentials for \(registry.host) are known"))
                #expect(missing.errorText.contains("docker login \(registry.host)"))
                #expect(!missing.errorText.contains("trying again"))
                let wrong = try await fixture.pull(
                    image, ["--log-level", "trace"], on: engine,
                    environment: try Self.dockerConfig(
                        fixture,
                        ["auths": .object([registry.host: ["auth": .string(Self.base64("acode:not-the-s3cret"))]])]))
                #expect(wrong.code == 1)
                #expect(wrong.errorText.contains("does not accept credentials of acode from"))
                #expect(wrong.errorText.contains("/docker/config.json"))
                #expect(!wrong.errorText.contains("s3cret"))
            }
        }

        @Test("a broken config.json is a warning, and a public image still comes", arguments: Engine.all)
        func broken(_ engine: Engine) async throws {
            try await AcodeFixture.with("login-broken-\(engine)") { fixture in
                let registry = try TestRegistry.public
                try await registry.push("t/\(fixture.id)")
                let directory = try fixture.openDirectory("docker")
                try fixture.write(#"{"auths": {"x": "#, to: "\(directory)/config.json")
                let run = try await fixture.pull(
                    "\(registry.host)/t/\(fixture.id):1", on: engine, environment: ["DOCKER_CONFIG": directory]
                ).succeeded()
                #expect(run.errorText.contains("warning: \(directory)/config.json can't be read as JSON"))
            }
        }

        @Test("a pool logs in with a configured secret, which it leaves nowhere", arguments: Engine.all)
        func secret(_ engine: Engine) async throws {
            let registry = try TestRegistry.private
            let login = try #require(registry.credentials).split(separator: ":").map(String.init)
            let password = "\(NSTemporaryDirectory())/acode-\(UUID().uuidString)"
            try Data("\(login[1])\n".utf8).write(to: URL(fileURLWithPath: password))
            defer { try? FileManager.default.removeItem(atPath: password) }
            let settings: [String: JSONValue] = [
                "secrets.registry.file": .string(password), "logs.level": "trace",
                "workers.docker": [
                    "registryAuth": .object([
                        registry.host: ["username": .string(login[0]), "passwordSecret": "registry"]
                    ])
                ],
            ]
            try await AcodeFixture.with("login-secret-\(engine)", settings: settings) { fixture in
                let image = "\(registry.host)/t/\(fixture.id):1"
                try await registry.push("t/\(fixture.id)")
                fixture.removeAtEnd(image, from: engine)
                var options = PoolOptions()
                options.environment = fixture.noCredentials
                let end = try await fixture.withSupervisor(.of(engine), options) { _ in
                    let run = try await fixture.submitAndWait(["--image", image], ["/busybox", "echo", "came"])
                    #expect(run.text == "came\n")
                }
                #expect(end.errorText.contains("image pulled"))
                #expect(!end.errorText.contains(login[1]))
                let patterns = ([login[1]] + Self.base64Cores(of: login[1])).flatMap { ["-e", $0] }
                let search = try await ChildProcess.run(
                    ProcessPlan("/bin/grep", ["-r", "-l", "-F"] + patterns + [fixture.directory, fixture.logs]),
                    logs: fixture.logs, within: .seconds(20))
                #expect(search.code == 1, "found in \(search.text)")
            }
        }
    }
}
