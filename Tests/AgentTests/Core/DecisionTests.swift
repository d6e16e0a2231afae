import AgentProtocol
import Testing

@testable import AgentCore

@Suite("Back-off")
struct BackoffTests {
    @Test func doublesFromTenMillisecondsToOneSecond() {
        var backoff = Backoff()
        let waits = (0..<9).map { _ in backoff.next(random: 1) / 1_000_000 }
        #expect(waits == [10, 20, 40, 80, 160, 320, 640, 1000, 1000])
        backoff.reset()
        #expect(backoff.next(random: 0) == .milliseconds(5))
    }
}

@Suite("Path lookup")
struct PathLookupTests {
    @Test(arguments: [
        ("ls", "/bin:/usr/bin/", ["/bin/ls", "/usr/bin/ls"]), ("/bin/ls", "/usr", ["/bin/ls"]),
        ("./ls", "/usr", ["./ls"]), ("a/b", "/usr", ["a/b"]), ("ls", ":/bin:", ["./ls", "/bin/ls", "./ls"]),
        ("ls", "bin", ["bin/ls"]), ("ls", "", ["./ls"]), ("", "/bin", []),
    ])
    func candidates(_ command: String, _ path: String, _ expected: [String]) {
        #expect(PathLookup.candidates(for: command, path: path) == expected)
    }

    @Test func relativeCandidatesAreBelowTheWorkingDirectory() {
        #expect(PathLookup.absolute("./x", workingDirectory: "/w") == "/w/./x")
        #expect(PathLookup.absolute("/x", workingDirectory: "/w") == "/x")
        #expect(PathLookup.absolute("x", workingDirectory: nil) == "x")
    }
}

@Suite("Task environment")
struct TaskEnvironmentTests {
    @Test func putsTheRequestOverTheBase() {
        let result = TaskEnvironment.compose(
            base: ["A": "1", "B": "1"], request: ["B": "2", "HOME": "/h"], agentDirectory: "/agent", socket: "@s")
        let path = PathLookup.defaultPath + ":/agent"
        #expect(result == ["A": "1", "B": "2", "HOME": "/h", "PATH": path, "ACODE_AGENT_SOCKET": "@s"])
    }

    @Test(
        arguments: [
            ("/bin", "/agent", "/bin:/agent"), ("/agent:/bin", "/agent", "/agent:/bin"), ("", "/agent", "/agent"),
            ("/bin", nil, "/bin"),
        ] as [(String, String?, String)])
    func addsTheAgentToThePathOnce(_ path: String, _ directory: String?, _ expected: String) {
        let result = TaskEnvironment.compose(base: [:], request: ["PATH": path], agentDirectory: directory, socket: nil)
        #expect(result == ["PATH": expected, "HOME": "/"])
    }

    @Test func readsEntriesAsTheKernelHasThem() {
        #expect(TaskEnvironment.parse(["A=1=2", "=x", "B", "C=", "A=3"]) == ["A": "1=2", "C": ""])
    }
}

@Suite("Cgroup files")
struct CgroupFilesTests {
    @Test func areFoundInVersionOne() {
        let text = "9:name=systemd:/x\n5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/\n"
        #expect(
            CgroupFiles.candidates(.oomKills, cgroup: text) == [
                "/sys/fs/cgroup/memory/docker/abc/memory.oom_control", "/sys/fs/cgroup/memory/memory.oom_control",
                "/sys/fs/cgroup/memory.events",
            ])
    }

    @Test func areFoundInVersionTwo() {
        #expect(
            CgroupFiles.candidates(.memoryPeak, cgroup: "0::/system.slice/docker-abc.scope\n") == [
                "/sys/fs/cgroup/system.slice/docker-abc.scope/memory.peak", "/sys/fs/cgroup/memory.peak",
            ])
        #expect(CgroupFiles.candidates(.pidsPeak, cgroup: "") == [])
    }

    @Test func areRead() {
        let one = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"
        let two = "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n"
        #expect(CgroupFiles.value(of: "oom_kill", in: one) == 3)
        #expect(CgroupFiles.value(of: "oom_kill", in: two) == 1)
        #expect(CgroupFiles.value(of: "oom_kill", in: "low 0\n") == nil)
        #expect(CgroupFiles.number(in: "12345\n") == 12345)
        #expect(CgroupFiles.number(in: "max\n") == nil)
    }
}

@Suite("Kills for memory that are outlived")
struct MemoryKillsLookoutTests {
    private static let welcome = Welcome(heartbeatSeconds: 0, takesMemoryKills: true)

    /// One that does not know the message takes it for nonsense and hangs up.
    @Test(arguments: [nil, Welcome(heartbeatSeconds: 0), Welcome(heartbeatSeconds: 0, takesMemoryKills: false)])
    func areNotToldToASupervisorThatDoesNotAsk(_ welcome: Welcome?) {
        var lookout = MemoryKillsLookout(before: 0, now: 0)
        lookout.look(now: .seconds(1)) { 1 }
        #expect(lookout.news(for: welcome) == nil)
        #expect(lookout.news(for: Self.welcome) == MemoryKillsOutlived(count: 1))
    }

    @Test func areToldOnceOnEachConnection() {
        var lookout = MemoryKillsLookout(before: 2, now: 0)
        for (time, count) in [(1, 2), (2, nil), (3, 3), (4, 3)] as [(Double, Int?)] {
            lookout.look(now: .seconds(time)) { count }
            #expect(lookout.news(for: Self.welcome) == (time == 3 ? MemoryKillsOutlived(count: 3) : nil))
        }
        lookout.rewind()
        #expect(lookout.news(for: Self.welcome) == MemoryKillsOutlived(count: 3))
        #expect(lookout.news(for: Self.welcome) == nil)
        lookout.look(now: .seconds(5)) { 7 }
        #expect(lookout.news(for: Self.welcome) == MemoryKillsOutlived(count: 7))
    }

    @Test func areLookedForSoonAfterALookThatCameTooEarly() {
        var lookout = MemoryKillsLookout(before: 0, now: .seconds(1))
        #expect(lookout.nextLook == nil)
        let soon = Nanos.seconds(1) + MemoryKillsLookout.pause
        lookout.look(now: soon - 1) { 1 }
        #expect(lookout.news(for: Self.welcome) == nil)
        #expect(lookout.nextLook == soon)
        lookout.look(now: soon) { 1 }
        #expect(lookout.news(for: Self.welcome) == MemoryKillsOutlived(count: 1))
        #expect(lookout.nextLook == nil)
    }
}

@Suite("Attempt accounts")
struct AttemptAccountTests {
    @Test func blocksAreAddedUpInBothVersions() {
        let one = "254:0 Read 4096\n254:0 Write 10\n254:0 Sync 5\n7:0 Read 4\nTotal 4110\n"
        let two = "254:0 rbytes=4096 wbytes=10 rios=1 wios=8 dbytes=3 dios=0\n7:0 rbytes=4 wbytes=0\n"
        for text in [one, two] { #expect(CgroupFiles.blockBytes(in: text) == (4100, 10)) }
        for text in ["", "Total 0\n", "254:0 Read many\n", "254:0\n"] {
            #expect(CgroupFiles.blockBytes(in: text) == (0, 0))
        }
    }

    @Test func trafficIsThatOfEveryDeviceButLoopback() {
        let text = """
            Inter-|   Receive |  Transmit
             face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
                lo: 99 1 0 0 0 0 0 0 99 1 0 0 0 0 0 0
              eth0: 1500 12 0 0 0 0 0 0 420 9 0 0 0 0 0 0
              eth1:10 1 0 0 0 0 0 0 20 1 0 0 0 0 0 0
              eth2: 1 2

            """
        #expect(CgroupFiles.networkBytes(in: text) == (1510, 440))
        #expect(CgroupFiles.networkBytes(in: "") == (0, 0))
    }

    @Test func throttlingIsReadInBothVersions() {
        var one = CgroupCounters.Reading()
        one.takeCPU("nr_periods 120\nnr_throttled 3\nthrottled_time 51234000\nnr_bursts 0\nburst_time 0\n")
        #expect(one.cpuMicros == nil && one.cpuPeriods == 120)
        #expect(one.throttledPeriods == 3 && one.throttledMicros == 51_234)
        var two = CgroupCounters.Reading()
        two.takeCPU(
            "usage_usec 3541902\nuser_usec 3000000\nsystem_usec 541902\nnr_periods 120\nnr_throttled 3\n"
                + "throttled_usec 51234\n")
        #expect(two.cpuMicros == 3_541_902 && two.cpuPeriods == 120)
        #expect(two.throttledPeriods == 3 && two.throttledMicros == 51_234)
        // A group without the controller has the time and no periods.
        var none = CgroupCounters.Reading()
        none.takeCPU("usage_usec 7\n")
        #expect(none.cpuMicros == 7 && none.cpuPeriods == nil && none.throttledMicros == nil)
    }

    @Test(
        arguments: [
            (.cpuUsage, "cpuacct/d/cpuacct.usage", "cpu.stat"), (.cpuStat, "cpu/d/cpu.stat", "cpu.stat"),
            (.blockIO, "blkio/d/blkio.throttle.io_service_bytes", "io.stat"),
            (.memoryUsage, "memory/d/memory.usage_in_bytes", "memory.current"),
            (.memoryPeak, "memory/d/memory.max_usage_in_bytes", "memory.peak"),
            (.pidsEvents, "pids/d/pids.events", "pids.events"), (.pidsPeak, "pids/d/pids.peak", "pids.peak"),
        ] as [(CgroupFiles.File, String, String)])
    func everyCounterHasItsPlaceInBothVersions(_ file: CgroupFiles.File, one: String, two: String) {
        let hybrid = "9:cpu,cpuacct:/d\n8:blkio:/d\n7:memory:/d\n6:pids:/d\n1:name=systemd:/d\n"
        #expect(CgroupFiles.candidates(file, cgroup: hybrid).first == "/sys/fs/cgroup/\(one)")
        #expect(CgroupFiles.candidates(file, cgroup: "0::/d\n").first == "/sys/fs/cgroup/d/\(two)")
    }

    @Test func anAttemptIsWhatTheCountersGrewBy() {
        var before = CgroupCounters.Reading()
        (before.cpuMicros, before.cpuPeriods, before.throttledPeriods, before.throttledMicros) = (10, 20, 3, 400)
        (before.readBytes, before.writtenBytes, before.receivedBytes, before.sentBytes) = (1, 2, 3, 4)
        (before.pidsPeak, before.refusedForks) = (9, 5)
        var after = before
        (after.cpuMicros, after.cpuPeriods, after.throttledPeriods, after.throttledMicros) = (110, 70, 13, 900)
        (after.readBytes, after.writtenBytes, after.receivedBytes, after.sentBytes) = (11, 22, 33, 44)
        (after.pidsPeak, after.refusedForks) = (12, 7)
        let usage = AttemptMeter.usage(from: before, to: after, memoryPeak: 77, processesPeak: 6)
        #expect(usage.cpuMicros == 100 && usage.cpuPeriods == 50)
        #expect(usage.throttledPeriods == 10 && usage.throttledMicros == 500)
        #expect(usage.readBytes == 10 && usage.writtenBytes == 20)
        #expect(usage.receivedBytes == 30 && usage.sentBytes == 40)
        #expect(usage.refusedForks == 2 && usage.memoryPeakBytes == 77)
        #expect(usage.processesPeak == 12)
    }

    @Test func aRecordOfAnEarlierAttemptIsNotThisOnes() {
        var reading = CgroupCounters.Reading()
        reading.pidsPeak = 40
        #expect(AttemptMeter.usage(from: reading, to: reading, memoryPeak: nil, processesPeak: 3).processesPeak == 3)
    }

    @Test func whatCanNotBeReadIsUnknownAndNotZero() {
        var after = CgroupCounters.Reading()
        after.cpuMicros = 5
        let usage = AttemptMeter.usage(from: .init(), to: after, memoryPeak: nil, processesPeak: nil)
        #expect(usage == CgroupUsage())
    }

    @Test func aCounterThatWentBackIsNoUse() {
        var before = CgroupCounters.Reading()
        before.cpuMicros = 5
        var after = before
        after.cpuMicros = 1
        #expect(AttemptMeter.usage(from: before, to: after, memoryPeak: nil, processesPeak: nil).cpuMicros == 0)
    }

    /// This process shares its cgroup with whatever started the tests.
    @Test func aSharedCgroupIsNotMeasured() {
        #expect(AttemptMeter(CgroupCounters(isOwn: false), now: 0) == nil)
    }

    @Test func looksBecomeRare() throws {
        var meter = try #require(AttemptMeter(CgroupCounters(isOwn: true), now: 0))
        var looks: [Nanos] = []
        while looks.count < 8 {
            looks.append(meter.nextLook)
            meter.look(now: meter.nextLook - 1)
            #expect(meter.nextLook == looks.last)
            meter.look(now: meter.nextLook)
        }
        #expect(looks.map { $0 / 1_000_000 } == [20, 60, 140, 300, 620, 1120, 1620, 2120])
    }
}

@Suite("Process tree")
struct ProcessTreeTests {
    @Test func readsStateAndParentBehindAnyName() {
        let stat = ProcessTree.parse(stat: "12 (a) S 99 (b) R 7 12 12 0 -1")
        #expect(stat?.state == "R")
        #expect(stat?.parent == 7)
        #expect(ProcessTree.parse(stat: "") == nil)
        #expect(ProcessTree.parse(stat: "1 (x) S") == nil)
    }

    @Test func findsDescendantsParentsFirstAndSurvivesALoop() {
        let tree = ProcessTree([(2, 1), (3, 2), (4, 3), (5, 9), (6, 7), (7, 6)] as [(pid: Int32, parent: Int32)])
        #expect(tree.descendants(of: 1) == [2, 3, 4])
        #expect(tree.descendants(of: 6) == [7, 6])
        #expect(tree.descendants(of: 5) == [])
    }
}

@Suite("Local socket name")
struct LocalSocketNameTests {
    @Test func isSafeAndFoundAgain() {
        let name = LocalSocketName.make(workerID: "pool/1 ü", bootID: "0123abcd")
        #expect(name == "@acode-agent-pool_1___-0123abcd")
        let table = """
            Num       RefCount Protocol Flags    Type St Inode Path
            0000: 00000002 00000000 00010000 0001 01 17 /run/x
            0000: 00000002 00000000 00010000 0001 01 18 \(name)
            0000: 00000003 00000000 00000000 0001 03 19 \(name)
            0000: 00000003 00000000 00000000 0001 03 20
            """
        let prefix = LocalSocketName.prefix(workerID: "pool/1 ü")
        #expect(LocalSocketName.find(prefix: prefix, inTable: table) == [name])
    }

    @Test func fitsIntoAnAddress() {
        let name = LocalSocketName.make(
            workerID: String(repeating: "x", count: 500), bootID: String(repeating: "y", count: 500))
        #expect(name.utf8.count <= 107)
    }

    @Test(
        arguments: [
            (["acode-agent", "run", "--worker-id", "w1", "--socket", "s"], "w1"), (["a", "--worker-id=w2"], "w2"),
            (["a", "--worker-id"], ""), (["a"], nil),
        ] as [([String], String?)])
    func isMadeOfTheCommandLine(_ arguments: [String], _ expected: String?) {
        let bytes = [UInt8](arguments.map { $0 + "\0" }.joined().utf8)
        #expect(LocalSocketName.workerID(inCommandLine: bytes) == expected)
    }
}

@Suite("Agent options")
struct RunOptionsTests {
    @Test func areRead() throws {
        let words = [
            "--worker-id=w", "--inherit-environment", "--socket", "/s", "--orphan-timeout", "1.5", "--stop-grace=0",
        ]
        let options = try RunOptions.parse(words)
        #expect(
            options
                == RunOptions(
                    socket: "/s", workerID: "w", orphanTimeout: .milliseconds(1500), stopGrace: 0,
                    inheritEnvironment: true))
        let defaults = try RunOptions.parse(["--socket", "/s", "--worker-id", "w"])
        #expect(defaults.orphanTimeout == .seconds(600))
        #expect(defaults.stopGrace == .seconds(8))
        #expect(!defaults.inheritEnvironment)
    }

    @Test(arguments: [
        [], ["--socket", "/s"], ["--worker-id", "w"], ["--socket", "/s", "--worker-id"],
        ["--socket", "", "--worker-id", "w"], ["--socket", "/s", "--worker-id", "w", "more"],
        ["--socket", "/s", "--worker-id", "w", "--stop-grace", "soon"],
        ["--socket", "/s", "--worker-id", "w", "--stop-grace", "-1"],
    ])
    func areRefused(_ words: [String]) {
        #expect(throws: UsageError.self) { try RunOptions.parse(words) }
    }
}

@Suite("Poll time-out")
struct PollTimeoutTests {
    @Test(
        arguments: [
            (0, nil, -1), (5, 5, 0), (6, 5, 0), (0, 1, 1), (0, 1_000_000, 1), (0, 1_000_001, 2), (0, .max, .max),
        ] as [(Nanos, Nanos?, Int32)])
    func isRoundedUp(_ now: Nanos, _ deadline: Nanos?, _ expected: Int32) {
        #expect(PollSet.timeout(from: now, to: deadline) == expected)
    }
}
