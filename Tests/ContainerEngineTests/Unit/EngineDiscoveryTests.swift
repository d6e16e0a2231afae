import ContainerEngine
import Testing

struct EngineDiscoveryTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var option: String?
        var environment: [String: String] = [:]
        var user: UInt32 = 0
        var paths: [String]
        var origin = EngineEndpoint.Origin.usualPlace
        var testDescription: String { "\(option ?? "-") \(environment) \(user)" }
    }

    @Test(arguments: [
        Case(paths: ["/var/run/docker.sock", "/run/podman/podman.sock"]),
        Case(
            user: 1000,
            paths: [
                "/var/run/docker.sock", "/run/user/1000/docker.sock", "/run/podman/podman.sock",
                "/run/user/1000/podman/podman.sock",
            ]),
        Case(
            environment: ["XDG_RUNTIME_DIR": "/x", "DOCKER_HOST": ""], user: 1000,
            paths: ["/var/run/docker.sock", "/x/docker.sock", "/run/podman/podman.sock", "/x/podman/podman.sock"]),
        Case(
            option: "/a.sock", environment: ["DOCKER_HOST": "unix:///b", "CONTAINER_HOST": "unix:///c"],
            paths: ["/a.sock"], origin: .option),
        Case(option: "unix:///a.sock", paths: ["/a.sock"], origin: .option),
        Case(
            environment: ["DOCKER_HOST": "unix:///b.sock", "CONTAINER_HOST": "unix:///c"], paths: ["/b.sock"],
            origin: .dockerHost),
        Case(environment: ["CONTAINER_HOST": "unix:///c.sock"], paths: ["/c.sock"], origin: .containerHost),
    ])
    func candidatesAreInTheDocumentedOrder(test: Case) throws {
        let candidates = try EngineDiscovery.candidates(
            explicitSocket: test.option, environment: test.environment, userID: test.user)
        #expect(candidates.map(\.socketPath) == test.paths)
        #expect(candidates.allSatisfy { $0.origin == test.origin })
    }

    @Test(
        arguments: [
            (nil, ["DOCKER_HOST": "tcp://1.2.3.4:2375"], "DOCKER_HOST names the scheme tcp://"),
            (nil, ["CONTAINER_HOST": "ssh://root@host/run/podman.sock"], "CONTAINER_HOST names the scheme ssh://"),
            (nil, ["DOCKER_HOST": "/bare/path"], "DOCKER_HOST names no unix:///path"),
            ("relative.sock", [:], "--engine-socket names no unix:///path"),
            ("unix://relative", [:], "--engine-socket names no unix:///path"),
        ] as [(String?, [String: String], String)])
    func otherSchemesAreAnError(option: String?, environment: [String: String], words: String) {
        #expect {
            try EngineDiscovery.candidates(explicitSocket: option, environment: environment, userID: 0)
        } throws: { error in
            let error = error as? EngineError
            return error?.code == .unsupportedEndpoint && error?.message.hasPrefix(words) == true && error?.hint != nil
        }
    }
}
