import Foundation
import Testing

@testable import ContainerEngine

struct StatsWireTests {
    private static let docker = ContainerConfigurationTests.docker
    private static let podman = ContainerConfigurationTests.podman

    private func sample(_ json: String, _ quirks: Quirks) throws -> ContainerStatsSample? {
        try JSONDecoder().decode(StatsWire.self, from: Data(json.utf8)).sample(id: "x", quirks: quirks)
    }

    private static let version1 = """
        {"read":"2026-11-21T04:54:20.5Z","cpu_stats":{"cpu_usage":{"total_usage":700}},
         "memory_stats":{"usage":1000,"limit":4000,"stats":{"total_inactive_file":300,"inactive_file":1}},
         "pids_stats":{"current":3},"networks":{"eth0":{"rx_bytes":10,"tx_bytes":1},"eth1":{"rx_bytes":20,"tx_bytes":2}},
         "blkio_stats":{"io_service_bytes_recursive":[{"op":"Read","value":5},{"op":"Write","value":6},
           {"op":"Sync","value":7},{"op":"Read","value":8}]}}
        """

    @Test func cacheIsSubtractedOnCgroupVersion1() throws {
        let sample = try #require(try sample(Self.version1, Self.docker))
        #expect(sample.cpuNanos == 700 && sample.memoryUsage == 1000 && sample.workingSet == 700)
        #expect(sample.memoryLimit == 4000 && sample.pids == 3)
        #expect(sample.rx == 30 && sample.tx == 3 && sample.blkRead == 13 && sample.blkWrite == 6)
        #expect(sample.readAt == EngineTime.date("2026-11-21T04:54:20.5Z"))
    }

    @Test func cacheIsSubtractedOnCgroupVersion2() throws {
        let json = """
            {"read":"2026-11-21T04:54:20Z","memory_stats":{"usage":1000,"stats":{"inactive_file":400,"anon":2}},
             "blkio_stats":{"io_service_bytes_recursive":[{"op":"read","value":5},{"op":"write","value":6}]}}
            """
        let sample = try #require(try sample(json, Self.docker))
        #expect(sample.workingSet == 600 && sample.blkRead == 5 && sample.blkWrite == 6)
    }

    @Test func podmansSwappedCountersAreSwappedBack() throws {
        let sample = try #require(try sample(Self.version1, Self.podman))
        #expect(sample.rx == 3 && sample.tx == 30)
        let newer = Quirks(EngineIdentity(kind: .podman, version: "5.2.0", apiVersion: "1.41"))
        #expect(try self.sample(Self.version1, newer)?.rx == 30)
    }

    @Test func theZeroedAnswerOfADeadContainerIsNone() throws {
        #expect(try sample(#"{"read":"0001-01-01T00:00:00Z","memory_stats":{},"pids_stats":{}}"#, Self.docker) == nil)
    }

    @Test func quirksFollowTheEngine() {
        #expect(Self.docker.logDriver == "local" && Self.docker.bulkStatsPath == nil && Self.docker.reportsEveryOOM)
        #expect(Self.podman.logDriver == nil && Self.podman.bulkStatsPath == "/v4.3.1/libpod/containers/stats")
        #expect(!Self.podman.reportsEveryOOM && !Self.podman.runsHealthchecks && !Self.podman.waitsReliably)
    }
}
