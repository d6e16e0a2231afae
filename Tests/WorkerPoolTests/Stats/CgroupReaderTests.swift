import Glibc
import Testing

@testable import WorkerPool

@Suite("Cgroup paths")
struct CgroupPathsTests {
    private static let id = "3f9c1d2e4b5a"

    @Test func aHybridHostIsReadThroughItsMemoryController() throws {
        let paths = try #require(CgroupPaths(procCgroup: RecordedCgroups.hybridProc(Self.id)))
        #expect(paths.version == .v1)
        #expect(
            paths.file("memory", "memory.stat") == "/sys/fs/cgroup/memory/docker/\(Self.id)/memory.stat")
        #expect(
            paths.file("cpuacct", "cpuacct.usage")
                == "/sys/fs/cgroup/cpu,cpuacct/docker/\(Self.id)/cpuacct.usage")
        #expect(paths.file("name=systemd", "x") == nil)
        #expect(paths.file("rdma", "x") == nil)
    }

    @Test func aUnifiedHostHasOneDirectoryForEverything() throws {
        let text = "0::/system.slice/docker-\(Self.id).scope\n"
        let paths = try #require(CgroupPaths(procCgroup: text))
        #expect(paths.version == .v2)
        let directory = "/sys/fs/cgroup/system.slice/docker-\(Self.id).scope"
        #expect(paths.file("memory", "memory.current") == "\(directory)/memory.current")
        #expect(paths.file("io", "io.stat") == "\(directory)/io.stat")
    }

    @Test(arguments: ["", "\n", "nonsense", "1:name=systemd:/x", "4:cpu:/x\n3:pids:/x", "4:memory"])
    func aTextWithoutAMemoryControllerHasNoPaths(_ text: String) {
        #expect(CgroupPaths(procCgroup: text) == nil)
    }

    @Test func aPathWithColonsIsKeptWhole() throws {
        let paths = try #require(CgroupPaths(procCgroup: "0::/a:b/c", root: "/cg"))
        #expect(paths.file("memory", "f") == "/cg/a:b/c/f")
    }
}

@Suite("Cgroup reader")
struct CgroupReaderTests {
    private let now = ContinuousClock.now

    private func reader(_ proc: String, _ files: [String: String]) throws -> CgroupReader {
        CgroupReader(paths: try #require(CgroupPaths(procCgroup: proc, root: "/cg")), pid: 42) { files[$0] }
    }

    @Test func versionOneFilesAreAddedUpWithoutTheReclaimableCache() throws {
        let sample = try reader(RecordedCgroups.hybridProc("c1"), RecordedCgroups.versionOne("c1")).sample(at: now)
        #expect(
            sample
                == UsageSample(
                    at: now, cpuNanoseconds: 3_541_902_117, memoryBytes: 52_428_800 - 8_110_080, processes: 7,
                    blockRead: 4096 + 1024, blockWritten: 1_048_576,
                    network: .init(received: 1_500_000 + 10, sent: 42_000 + 20)))
    }

    @Test func versionTwoFilesGiveTheSameKindOfNumbers() throws {
        let sample = try reader("0::/c2\n", RecordedCgroups.versionTwo("c2")).sample(at: now)
        #expect(
            sample
                == UsageSample(
                    at: now, cpuNanoseconds: 3_541_902_000, memoryBytes: 52_428_800 - 8_110_080, processes: 7,
                    blockRead: 4096 + 1024, blockWritten: 1_048_576,
                    network: .init(received: 1_500_000 + 10, sent: 42_000 + 20)))
    }

    @Test(arguments: ["0::/gone\n", RecordedCgroups.hybridProc("gone")])
    func aCgroupThatIsGoneHasNoSample(_ proc: String) throws {
        #expect(try reader(proc, [:]).sample(at: now) == nil)
    }

    @Test func aFileThatIsMissingOrGarbledCountsAsNothing() throws {
        let sample = try reader(
            "0::/c\n",
            ["/cg/c/memory.current": "4096\n", "/cg/c/cpu.stat": "usage_usec many\n", "/cg/c/pids.current": "max"]
        )
        .sample(at: now)
        #expect(sample == UsageSample(at: now, memoryBytes: 4096))
    }

    /// The two files are read one after the other, so the cache can be the larger for a moment.
    @Test func moreCacheThanUseIsNoUseAndNotTheEndOfTheProgram() throws {
        let sample = try reader(
            "0::/c\n", ["/cg/c/memory.current": "4096", "/cg/c/memory.stat": "anon 1\ninactive_file 8192\n"]
        ).sample(at: now)
        #expect(sample?.memoryBytes == 0)
    }

    @Test func anEmptyBlockAccountIsZero() {
        #expect(CgroupReader.blockV1("") == (0, 0))
        #expect(CgroupReader.blockV1("Total 0\n") == (0, 0))
        #expect(CgroupReader.blockV2("\n") == (0, 0))
    }

    @Test(
        arguments: [
            ("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", 3), ("low 0\nmax 12\noom 2\noom_kill 1\n", 1),
            ("low 0\n", nil), ("", nil), ("oom_kill many\n", nil),
        ] as [(String, Int?)])
    func killsForMemoryAreCountedInBothVersions(_ text: String, kills: Int?) {
        #expect(CgroupReader.oomKills(text: text) == kills)
    }

    @Test func theCountOfKillsHasItsPlaceInBothVersions() throws {
        let one = try #require(CgroupPaths(procCgroup: RecordedCgroups.hybridProc("c1"), root: "/cg"))
        #expect(one.oomFile == "/cg/memory/docker/c1/memory.oom_control")
        #expect(try #require(CgroupPaths(procCgroup: "0::/c2\n", root: "/cg")).oomFile == "/cg/c2/memory.events")
    }

    @Test func thisProcessHasAccountsOnThisHost() throws {
        let reader = try #require(CgroupReader(pid: getpid()))
        let sample = try #require(reader.sample(at: now))
        #expect(sample.memoryBytes > 0)
        #expect(sample.cpuNanoseconds > 0)
    }

    @Test func aProcessThatNeverWasHasNoReader() {
        #expect(CgroupReader(pid: .max) == nil)
    }
}
