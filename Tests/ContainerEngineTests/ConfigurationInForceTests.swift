import ContainerEngine
import Foundation
import Testing

/// What a configuration says is what the engine does.
@Suite(.tags(.docker, .podman), .timeLimit(.minutes(5)), .serialized)
struct ConfigurationInForceTests {
    @Test(arguments: TestEngine.allCases)
    func aHardenedConfigurationIsInForce(engine: TestEngine) async throws {
        let directory = "/tmp/acode-mount-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data("from the host".utf8).write(to: URL(filePath: directory + "/file"))
        try await EngineFixture.run(engine) { fixture in
            var configuration = try fixture.configuration(
                """
                cat /host/file; echo; echo "$ODD"; id -u; id -g; pwd; touch /root-file 2>&1; touch /host/x 2>&1
                grep -E 'CapEff|NoNewPrivs' /proc/self/status; ulimit -n; touch /scratch/ok && echo wrote
                """)
            configuration.env = ["ODD": "a=b c*d\nsecond", "EMPTY": ""]
            configuration.user = "1000:1000"
            configuration.workingDir = "/tmp"
            configuration.stopSignal = "SIGTERM"
            configuration.stopTimeout = .seconds(10)
            configuration.healthcheck = ContainerConfiguration.Healthcheck.none
            configuration.memory = 64 << 20
            configuration.memorySwap = 64 << 20
            configuration.nanoCPUs = 500_000_000
            configuration.pidsLimit = 64
            configuration.oomScoreAdj = 500
            configuration.capDrop = ["ALL"]
            configuration.securityOpt = ["no-new-privileges"]
            configuration.readonlyRootfs = true
            configuration.shmSize = 8 << 20
            configuration.mounts = [
                .bind(source: directory, target: "/host", readOnly: true),
                .tmpfs(target: "/scratch", sizeBytes: 1 << 20),
            ]
            configuration.restartPolicy = .onFailure(maximumRetries: 2)
            let created = try await fixture.client.createContainer(configuration, name: fixture.name)
            #expect(created.warnings.isEmpty)
            let attach = try await fixture.client.attach(created.id)
            try await fixture.client.startContainer(created.id)
            var bytes: [UInt8] = []
            try await attach.drain { bytes += $0.bytes }
            let output = String(decoding: bytes, as: UTF8.self)
            #expect(output.hasPrefix("from the host\na=b c*d\nsecond\n1000\n1000\n/tmp\n"), "\(output)")
            #expect(output.contains("/root-file: Read-only file system"))
            #expect(output.contains("/host/x: Read-only file system"))
            #expect(output.contains("CapEff:\t0000000000000000") && output.contains("NoNewPrivs:\t1"))
            #expect(output.contains("\n1024\n") && output.contains("\nwrote\n"))

            let inspection = try #require(try await fixture.client.inspectContainer(created.id))
            let host = inspection.hostConfig
            #expect(host.memory == 64 << 20 && host.memorySwap == 64 << 20)
            #expect(host.nanoCPUs == 500_000_000 && host.pidsLimit == 64 && host.oomScoreAdj == 500)
            #expect(host.readonlyRootfs && !host.capDrop.isEmpty && host.networkMode == "none")
            #expect(host.ulimits["nofile"] == 1024...4096)
            #expect(host.restartPolicy == "on-failure")
            #expect(inspection.user == "1000:1000" && inspection.workingDir == "/tmp")
            #expect(inspection.env["ODD"] == "a=b c*d\nsecond" && inspection.env["EMPTY"] == "")
            let mount = try #require(inspection.mounts.first { $0.target == "/host" })
            #expect(mount.type == "bind" && mount.source == directory && !mount.writable)
            #expect(try await fixture.client.inspectImage(TestEngine.image)?.id == normalised(inspection.imageID))
        }
    }

    @Test(arguments: TestEngine.allCases)
    func restartPolicyBringsBackAFailure(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            var configuration = try fixture.configuration("exit 1")
            configuration.restartPolicy = .onFailure(maximumRetries: 2)
            let id = try await fixture.client.createContainer(configuration, name: fixture.name).id
            try await fixture.client.startContainer(id)
            let state = try await fixture.state(of: id) { $0.status == .exited && $0.restartCount == 2 }
            #expect(state.exitCode == 1)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func networksAndVolumesAreFoundByLabel(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let client = fixture.client
            let volume = try await client.createVolume(name: fixture.name, labels: fixture.labels)
            #expect(volume.name == fixture.name)
            #expect(try await client.listVolumes(labels: fixture.labels).map(\.name) == [fixture.name])
            #expect(try await client.removeVolume(fixture.name))
            #expect(try await client.removeVolume(fixture.name) == false)
            #expect(try await client.listVolumes(labels: fixture.labels).isEmpty)

            let network = try await client.createNetwork(name: fixture.name, labels: fixture.labels, isInternal: true)
            let twice = await engineFailure {
                try await client.createNetwork(name: fixture.name, labels: fixture.labels)
            }
            #expect(twice?.isNameInUse == true, "\(String(describing: twice))")
            let found = try await client.listNetworks(labels: fixture.labels)
            #expect(found.map(\.name) == [fixture.name] && found.first?.isInternal == true)
            #expect(try await client.removeNetwork(network))
            #expect(try await client.removeNetwork(network) == false)
        }
    }

    private func normalised(_ id: String) -> String { id.contains(":") ? id : "sha256:" + id }
}
