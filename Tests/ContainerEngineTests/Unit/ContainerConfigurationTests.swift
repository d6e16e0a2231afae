import Foundation
import Testing

@testable import ContainerEngine

struct ContainerConfigurationTests {
    static let docker = Quirks(EngineIdentity(kind: .docker, version: "20.10.24", apiVersion: "1.41"))
    static let podman = Quirks(EngineIdentity(kind: .podman, version: "4.3.1", apiVersion: "1.41"))

    private func template() -> ContainerConfiguration {
        var it = ContainerConfiguration(image: "docker.io/library/tiny:1")
        it.entrypoint = ["/.acode/agent"]
        it.cmd = ["run"]
        it.user = "1000:1000"
        it.workingDir = "/workspace"
        it.env = ["K": "V"]
        it.labels = ["acode.pool": "p1"]
        it.stopSignal = "SIGTERM"
        it.stopTimeout = .seconds(10)
        it.healthcheck = ContainerConfiguration.Healthcheck.none
        it.networkMode = .none
        it.memory = 268_435_456
        it.memorySwap = 268_435_456
        it.nanoCPUs = 500_000_000
        it.pidsLimit = 64
        it.oomScoreAdj = 500
        it.capDrop = ["ALL"]
        it.securityOpt = ["no-new-privileges"]
        it.readonlyRootfs = true
        it.ulimits = [.init(name: "nofile", soft: 1024, hard: 4096), .init(name: "core", soft: 0, hard: 0)]
        it.mounts = [
            .bind(source: "/x/agent", target: "/.acode/agent", readOnly: true),
            .tmpfs(target: "/.acode/tmp", sizeBytes: 67_108_864, mode: 1023),
        ]
        it.log = .driver("json-file", options: ["max-size": "10m"])
        it.shmSize = 67_108_864
        return it
    }

    private func json(_ configuration: ContainerConfiguration, _ quirks: Quirks) throws -> NSDictionary {
        let data = try JSONEncoder().encode(CreateContainerBody(configuration, quirks: quirks))
        return try #require(try JSONSerialization.jsonObject(with: data) as? NSDictionary)
    }

    @Test func theVerifiedTemplateIsWrittenExactly() throws {
        let expected = """
            {"Image":"docker.io/library/tiny:1","Entrypoint":["/.acode/agent"],"Cmd":["run"],"User":"1000:1000",
             "WorkingDir":"/workspace","Env":["K=V"],"Labels":{"acode.pool":"p1"},"StopSignal":"SIGTERM","StopTimeout":10,
             "Healthcheck":{"Test":["NONE"]},
             "HostConfig":{"NetworkMode":"none","Memory":268435456,"MemorySwap":268435456,"NanoCpus":500000000,
              "PidsLimit":64,"OomScoreAdj":500,"CapDrop":["ALL"],"SecurityOpt":["no-new-privileges"],"ReadonlyRootfs":true,
              "Ulimits":[{"Name":"nofile","Soft":1024,"Hard":4096},{"Name":"core","Soft":0,"Hard":0}],
              "Mounts":[{"Type":"bind","Source":"/x/agent","Target":"/.acode/agent","ReadOnly":true},
                        {"Type":"tmpfs","Target":"/.acode/tmp","TmpfsOptions":{"SizeBytes":67108864,"Mode":1023}}],
              "RestartPolicy":{"Name":"no"},"AutoRemove":false,
              "LogConfig":{"Type":"json-file","Config":{"max-size":"10m"}},"ShmSize":67108864}}
            """
        let wanted = try #require(try JSONSerialization.jsonObject(with: Data(expected.utf8)) as? NSDictionary)
        let written = try json(template(), Self.docker)
        #expect(written == wanted, "\(written)")
        #expect(template().problems(processors: 2).isEmpty)
    }

    @Test func enginesGetTheirOwnLogDriver() throws {
        var configuration = ContainerConfiguration(image: "x")
        let docker = try json(configuration, Self.docker)["HostConfig"] as? NSDictionary
        #expect((docker?["LogConfig"] as? NSDictionary)?["Type"] as? String == "local")
        let podman = try json(configuration, Self.podman)["HostConfig"] as? NSDictionary
        #expect(podman?["LogConfig"] == nil)
        configuration.log = .driver("none")
        let named = try json(configuration, Self.podman)["HostConfig"] as? NSDictionary
        #expect((named?["LogConfig"] as? NSDictionary)?["Type"] as? String == "none")
    }

    @Test func everyVariableHasAnEqualsSign() throws {
        var configuration = ContainerConfiguration(image: "x")
        configuration.env = ["EMPTY": "", "B": "1=2", "A": "x"]
        #expect(try json(configuration, Self.podman)["Env"] as? [String] == ["A=x", "B=1=2", "EMPTY="])
    }

    @Test func portsHealthAndRestartsAreWritten() throws {
        var configuration = ContainerConfiguration(image: "x")
        configuration.portBindings = [.init(containerPort: 80, hostIP: "127.0.0.1", hostPort: 8080)]
        configuration.healthcheck = .command(["/a", "b"], interval: .seconds(30), timeout: .milliseconds(2500))
        configuration.restartPolicy = .onFailure(maximumRetries: 5)
        let body = CreateContainerBody(configuration, quirks: Self.docker)
        #expect(body.HostConfig.PortBindings == ["80/tcp": [.init(HostIp: "127.0.0.1", HostPort: "8080")]])
        #expect(body.ExposedPorts?.keys.sorted() == ["80/tcp"])
        #expect(body.Healthcheck?.Test == ["CMD", "/a", "b"] && body.Healthcheck?.Timeout == 2_500_000_000)
        #expect(body.HostConfig.RestartPolicy == .init(Name: "on-failure", MaximumRetryCount: 5))
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let words: String
        let change: @Sendable (inout ContainerConfiguration) -> Void
        var testDescription: String { words }

        init(_ words: String, _ change: @escaping @Sendable (inout ContainerConfiguration) -> Void) {
            self.words = words
            self.change = change
        }
    }

    @Test(
        arguments: [
            Mistake("image") { $0.image = "" },
            Mistake("'A*'") { $0.env = ["A*": "x"] },
            Mistake("'A=B'") { $0.env = ["A=B": "x"] },
            Mistake("environment") { $0.env = ["": "x"] },
            Mistake("'a=b'") { $0.labels = ["a=b": "x"] },
            Mistake("6 MiB") { $0.memory = 6 << 20 - 1 },
            Mistake("swap") { $0.memorySwap = 1 << 30 },
            Mistake("swap") {
                $0.memory = 64 << 20; $0.memorySwap = 32 << 20
            },
            Mistake("0.01") { $0.nanoCPUs = 1_000_000 },
            Mistake("above the engine's 2") { $0.nanoCPUs = 3_000_000_000 },
            Mistake("no limit") { $0.pidsLimit = 0 },
            Mistake("1000") { $0.oomScoreAdj = 1001 },
            Mistake("above hard") { $0.ulimits = [.init(name: "nofile", soft: 2, hard: 1)] },
            Mistake("comma") { $0.mounts = [.bind(source: "/a,b", target: "/x", readOnly: true)] },
            Mistake("not absolute") { $0.mounts = [.bind(source: "a", target: "/x", readOnly: true)] },
            Mistake("comma") { $0.mounts = [.tmpfs(target: "/x,y", sizeBytes: nil)] },
            Mistake("mode") { $0.mounts = [.tmpfs(target: "/x", sizeBytes: 1, mode: 0)] },
            Mistake("replace /") { $0.mounts = [.bind(source: "/", target: "/", readOnly: true)] },
            Mistake("twice") { $0.mounts = [.tmpfs(target: "/x", sizeBytes: 1), .tmpfs(target: "/x", sizeBytes: 2)] },
            Mistake("volume") { $0.mounts = [.volume(name: "a/b", target: "/x", readOnly: false)] },
            Mistake("host port") { $0.portBindings = [.init(containerPort: 80, hostPort: 99999)] },
            Mistake("port 0") { $0.portBindings = [.init(containerPort: 0)] },
            Mistake("not absolute") { $0.workingDir = "here" },
            Mistake("entrypoint") { $0.entrypoint = [] },
        ] as [Mistake])
    func mistakesAreNamed(mistake: Mistake) {
        var configuration = ContainerConfiguration(image: "x")
        mistake.change(&configuration)
        let problems = configuration.problems(processors: 2)
        #expect(problems.count == 1)
        #expect(problems.first?.contains(mistake.words) == true, "\(problems)")
    }
}
