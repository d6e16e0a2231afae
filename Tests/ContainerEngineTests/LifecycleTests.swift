import ContainerEngine
import Foundation
import Testing

/// What the pool relies on, the same on every engine.
@Suite(.tags(.docker, .podman), .timeLimit(.minutes(5)), .serialized)
struct LifecycleTests {
    @Test(arguments: TestEngine.allCases)
    func identifiesTheEngine(engine: TestEngine) async throws {
        let client = try await engine.connect()
        #expect(client.identity.kind.rawValue == engine.rawValue)
        #expect(client.identity.majorVersion > 0)
        #expect(EngineAPIVersion(client.identity.apiVersion) ?? .oldest >= .oldest)
        try await client.ping()
        let info = try await client.info()
        #expect(info.ncpu > 0 && info.memTotal > 0)
        #expect(["1", "2"].contains(info.cgroupVersion))
        #expect(info.memoryLimit && info.pidsLimit && info.cpuCfsQuota)
        let version = try await client.version()
        #expect(version.version == client.identity.version)
        #expect(version.platform.hasPrefix("linux/"))
    }

    @Test(arguments: TestEngine.allCases)
    func runsAContainerFromCreateToRemoval(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let client = fixture.client
            let created = try await client.createContainer(
                fixture.configuration("echo out; echo err >&2; exit 7"), name: fixture.name)
            #expect(created.id.count == 64)
            let inspection = try #require(try await client.inspectContainer(created.id))
            #expect(inspection.id == created.id)
            #expect(inspection.name == fixture.name)
            #expect(inspection.labels["acode.test"] == fixture.labels["acode.test"])
            #expect(inspection.state.status == .created)
            #expect(inspection.state.startedAt == nil && inspection.state.finishedAt == nil)
            #expect(inspection.entrypoint == ["/bin/sh", "-c"])
            #expect(!inspection.hostConfig.autoRemove && !inspection.hostConfig.privileged)
            #expect(try await client.startContainer(created.id))
            let state = try await fixture.state(of: created.id) { $0.status == .exited }
            #expect(state.exitCode == 7 && !state.running && !state.oomKilled && state.pid == 0)
            let started = try #require(state.startedAt)
            let finished = try #require(state.finishedAt)
            #expect(abs(started.timeIntervalSinceNow) < 60)
            // For a container that exits at once, engines note the end up to a millisecond before the start.
            #expect(finished.timeIntervalSince(started) > -1)
            let frames = try await client.logs(created.id)
            #expect(text(frames, .stdout) == "out\n")
            #expect(text(frames, .stderr) == "err\n")
            #expect(text(try await client.logs(created.id, tail: 0), .stdout).isEmpty)
            #expect(try await client.removeContainer(created.id) == .removed)
            #expect(try await client.removeContainer(created.id) == .wasGone)
            let gone = try await client.inspectContainer(created.id)
            #expect(gone == nil)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func stopIsGracefulThenKills(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let polite = try await fixture.start("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done")
            try await waitForOutput(fixture, polite, "ready")
            #expect(try await fixture.client.startContainer(polite) == false)
            #expect(try await fixture.client.stopContainer(polite, timeout: .seconds(10)))
            let state = try await fixture.state(of: polite) { $0.status == .exited }
            #expect(state.exitCode == 3)
            // Podman says yes to stopping what does not run.
            _ = try await fixture.client.stopContainer(polite, timeout: .seconds(1))
            try await fixture.client.removeContainer(polite)

            let deaf = try await fixture.start("trap '' TERM; echo ready; while :; do sleep 0.05; done")
            try await waitForOutput(fixture, deaf, "ready")
            let start = ContinuousClock.now
            try await fixture.client.stopContainer(deaf, timeout: .seconds(1))
            #expect(start.duration(to: .now) >= .milliseconds(900))
            let killed = try await fixture.state(of: deaf) { $0.status == .exited }
            #expect(killed.exitCode == 137)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func killSendsASignal(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let id = try await fixture.start("trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done")
            try await waitForOutput(fixture, id, "ready")
            try await fixture.client.killContainer(id, signal: "SIGUSR1")
            let state = try await fixture.state(of: id) { $0.status == .exited }
            #expect(state.exitCode == 5)
            let error = await engineFailure { try await fixture.client.killContainer(id) }
            #expect(error?.code == .conflict)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func removalOfARunningContainerIsQuick(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let id = try await fixture.start("trap '' TERM; while :; do sleep 0.05; done")
            let start = ContinuousClock.now
            #expect(try await fixture.client.removeContainer(id) == .removed)
            // Not the ten seconds of a graceful stop.
            #expect(start.duration(to: .now) < .seconds(5))
            #expect(try await fixture.client.listContainers(labels: fixture.labels).isEmpty)
            // The name is free at once.
            _ = try await fixture.create("true")
        }
    }

    @Test(arguments: TestEngine.allCases)
    func listsByLabels(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let id = try await fixture.create("true")
            let client = fixture.client
            let found = try await client.listContainers(labels: fixture.labels)
            #expect(found.map(\.id) == [id])
            #expect(found.first?.name == fixture.name)
            #expect(found.first?.status == .created)
            #expect(try await client.listContainers(labels: fixture.labels, all: false).isEmpty)
            let both = fixture.labels.merging(["acode.other": "x"]) { first, _ in first }
            #expect(try await client.listContainers(labels: both).isEmpty)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func waitsForTheExit(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let id = try await fixture.start("sleep 0.3; exit 9")
            let exit = try await fixture.client.waitContainer(id, timeout: .seconds(10))
            #expect(exit.exitCode == 9 && exit.error == nil)
            try await fixture.client.removeContainer(id)
            let endless = try await fixture.start("while :; do sleep 0.05; done")
            let error = await engineFailure {
                try await fixture.client.waitContainer(endless, timeout: .milliseconds(300))
            }
            #expect(error?.code == .timedOut)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func countsWhatARunningContainerUses(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            var configuration = try fixture.configuration(
                "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo ready; sleep 60")
            configuration.memory = 64 << 20
            configuration.memorySwap = 64 << 20
            let id = try await fixture.client.createContainer(configuration, name: fixture.name).id
            #expect(try await fixture.client.stats(id) == nil)
            try await fixture.client.startContainer(id)
            try await waitForOutput(fixture, id, "ready")
            let sample = try #require(try await fixture.client.stats(id))
            #expect(sample.cpuNanos > 1_000_000)
            #expect(sample.memoryLimit == 64 << 20)
            #expect(sample.memoryUsage > 0 && sample.memoryUsage < 64 << 20)
            #expect(sample.workingSet ?? 0 <= sample.memoryUsage)
            #expect(sample.pids >= 1)
            #expect(abs(sample.readAt.timeIntervalSinceNow) < 60)
            if fixture.client.quirks.bulkStatsPath != nil {
                let bulk = try #require(try await fixture.client.bulkStats([id]))
                #expect(bulk.map(\.id) == [id])
                #expect((bulk.first?.cpuNanos ?? 0) >= sample.cpuNanos)
            } else {
                let bulk = try await fixture.client.bulkStats([id])
                #expect(bulk == nil)
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func reportsEvents(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let events = try await fixture.client.events(labels: fixture.labels)
            let id = try await fixture.start("exit 4")
            var seen: [EngineEvent] = []
            for try await event in events {
                seen.append(event)
                if event.action == "die" { break }
            }
            #expect(seen.allSatisfy { $0.id == id && $0.type == "container" })
            #expect(seen.contains { $0.action == "create" } && seen.contains { $0.action == "start" })
            #expect(seen.last?.exitCode == 4)
            #expect(seen.last?.attributes["acode.test"] == fixture.labels["acode.test"])
            #expect(abs(seen.last?.date.timeIntervalSinceNow ?? 1000) < 60)
        }
    }

    private func text(_ frames: [LogFrame], _ stream: LogFrame.Stream) -> String {
        String(decoding: frames.filter { $0.stream == stream }.flatMap(\.bytes), as: UTF8.self)
    }

    private func waitForOutput(_ fixture: EngineFixture, _ id: String, _ words: String) async throws {
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while !text(try await fixture.client.logs(id), .stdout).contains(words) {
            try #require(ContinuousClock.now < end, "no '\(words)' in the output")
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
