import ContainerEngine
import Foundation
import Settings
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Security reviews")
struct ReviewTests {
    /// The kernel's words about the first process of a default container, as recorded from Docker 20.10.
    private static func facts(_ change: (inout ProcessFacts) -> Void = { _ in }) -> ProcessFacts {
        var facts = ProcessFacts(
            status: ProcessFacts.fields(
                of: """
                    Name:\tacode-agent
                    Uid:\t1000\t1000\t1000\t1000
                    Gid:\t1000\t1000\t1000\t1000
                    CapInh:\t0000000000000000
                    CapPrm:\t0000000000000000
                    CapEff:\t0000000000000000
                    CapBnd:\t0000000000000000
                    CapAmb:\t0000000000000000
                    NoNewPrivs:\t1
                    Seccomp:\t2
                    Seccomp_filters:\t2
                    """),
            userMap: ProcessFacts.ranges(in: "         0          0 4294967295\n"),
            groupMap: ProcessFacts.ranges(in: "         0          0 4294967295\n"),
            ownNamespaces: ["ipc": true, "mnt": true, "net": true, "pid": true, "uts": true, "user": false],
            mounts: ProcessFacts.mounts(
                in: """
                    531 463 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
                    532 531 0:53 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
                    535 531 0:56 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro
                    560 532 0:53 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw
                    562 532 0:54 /null /proc/keys rw,nosuid - tmpfs tmpfs rw,size=65536k
                    570 531 254:0 /agent /.acode/bin/acode-agent ro,relatime - ext4 /dev/root rw
                    571 531 0:23 /x /run/acode ro,nosuid - tmpfs tmpfs rw
                    572 531 0:23 /y /run/secrets ro,nosuid - tmpfs tmpfs rw
                    573 531 254:0 /z /.acode/task rw,nosuid - ext4 /dev/root rw
                    573 531 254:0 /ws /workspace rw,relatime - ext4 /dev/root rw
                    """),
            limits: ProcessFacts.limits(
                in: """
                    Limit                     Soft Limit           Hard Limit           Units
                    Max core file size        0                    0                    bytes
                    Max processes             4096                 4096                 processes
                    Max open files            1024                 1024                 files
                    """),
            cgroup: CgroupLimits.v1(memory: "536870912", swap: "536870912", pids: "100", quota: "100000"))
        change(&facts)
        return facts
    }

    private static func review(
        _ facts: ProcessFacts?, inspection: String = #"{"NetworkMode":"bridge"}"#, mounts: String = "[]",
        networks: String = "{}", arguments: String = "[]", isOutdated: Bool = false,
        _ change: (inout WorkersSettings) -> Void = { _ in }
    ) throws -> [SecurityMeasure] {
        var settings = WorkersSettings()
        change(&settings)
        let scratch = try Scratch()
        let wanted = ContainerBlueprint(
            context: .test(in: scratch, agent: "/opt/acode-agent"), settings: settings
        ).configuration(
            profile: WorkerProfile(image: "i:1", limits: ResourceLimits(), mounts: []),
            worker: WorkerID(rawValue: "w1"),
            directory: WorkerDirectory(
                runtimeDirectory: "/run/acode/p", stateDirectory: "/s", worker: WorkerID(rawValue: "w1")))
        let json =
            #"{"Id":"abc","Name":"/x","State":{"Status":"running","Pid":7},"Config":{"Cmd":\#(arguments)},"#
            + #""HostConfig":\#(inspection),"NetworkSettings":{"Networks":\#(networks)},"Mounts":\#(mounts)}"#
        return ContainerReview(
            wanted: wanted, found: try JSONDecoder().decode(ContainerInspection.self, from: Data(json.utf8)),
            facts: facts, engineSocket: "/run/engine.sock", kernelFiles: ["/proc/keys", "/proc/sys"],
            isOutdated: isOutdated
        ).measures
    }

    private static func missing(_ measures: [SecurityMeasure]) -> [String] {
        measures.filter { $0.verdict == .missing }.map(\.name)
    }

    @Test func aDefaultContainerIsAsWanted() throws {
        let measures = try Self.review(Self.facts())
        #expect(measures.filter { ![.holds, .shown].contains($0.verdict) } == [])
        #expect(measures.count > 15)
    }

    struct Deviation: Sendable, CustomTestStringConvertible {
        let name: String
        let change: @Sendable (inout ProcessFacts) -> Void
        var testDescription: String { name }
    }

    static let deviations = [
        Deviation(name: "user") { $0.status["Uid"] = "0\t0\t0\t0" },
        Deviation(name: "capabilities") { $0.status["CapBnd"] = "00000000a80425fb" },
        Deviation(name: "capabilities") { $0.status["CapAmb"] = nil },
        Deviation(name: "new privileges") { $0.status["NoNewPrivs"] = "0" },
        Deviation(name: "system calls") { $0.status["Seccomp"] = "0" },
        Deviation(name: "system calls") { $0.status["Seccomp_filters"] = "1" },
        Deviation(name: "namespaces") { $0.ownNamespaces["pid"] = false },
        Deviation(name: "namespaces") { $0.ownNamespaces["net"] = false },
        Deviation(name: "kernel's files") { $0.mounts.removeAll { $0.target == "/proc/keys" } },
        Deviation(name: "kernel's files") { facts in
            for index in facts.mounts.indices where facts.mounts[index].target == "/sys" {
                facts.mounts[index].isReadOnly = false
            }
        },
        Deviation(name: "/run/secrets") { facts in
            for index in facts.mounts.indices where facts.mounts[index].target == "/run/secrets" {
                facts.mounts[index].isReadOnly = false
            }
        },
        Deviation(name: "secrets") { facts in
            for index in facts.mounts.indices where facts.mounts[index].target == "/run/secrets" {
                facts.mounts[index].type = "ext4"
            }
        },
        Deviation(name: "memory") { $0.cgroup?.memory = .max },
        Deviation(name: "swap") { $0.cgroup?.memoryAndSwap = 1 << 30 },
        Deviation(name: "processes") { $0.cgroup?.processes = .max },
        Deviation(name: "cpu") { $0.cgroup?.cpus = .infinity },
        Deviation(name: "devices") { $0.cgroup?.allowsAllDevices = true },
        Deviation(name: "ulimit nofile") { $0.limits["Max open files"]?.hard = nil },
        Deviation(name: "ulimit core") { $0.limits["Max core file size"]?.hard = nil },
    ]

    @Test(arguments: deviations)
    func whatIsNotInForceIsNamed(_ deviation: Deviation) throws {
        let measures = try Self.review(Self.facts(deviation.change))
        #expect(Self.missing(measures) == [deviation.name])
        #expect(measures.first { $0.verdict == .missing }?.remark?.isEmpty == false)
    }

    @Test(arguments: [
        (#"{"Privileged":true}"#, "[]", ["privileged"]),
        ("{}", #"[{"Type":"bind","Source":"/run/engine.sock","Destination":"/e"}]"#, ["engine's socket"]),
        ("{}", #"[{"Type":"bind","Source":"/var/run/docker.sock","Destination":"/e"}]"#, ["engine's socket"]),
    ])
    func whatTheEngineSaysCounts(inspection: String, mounts: String, missing: [String]) throws {
        #expect(Self.missing(try Self.review(Self.facts(), inspection: inspection, mounts: mounts)) == missing)
    }

    @Test(
        "the network and what leads out of it",
        arguments: [
            ("none", "{}", ["lo"], ["none", "acode's proxy"], []),
            ("none", #"{"none":{}}"#, ["lo", "tunl0"], ["none", "acode's proxy"], []),
            ("bridge", #"{"bridge":{}}"#, ["lo", "eth0"], ["bridge", "its network"], ["network", "way out"]),
            // Somebody connected it later, by the engine or by hand.
            ("none", #"{"lab":{}}"#, ["lo"], ["none", "its network"], ["way out"]),
            ("none", "{}", ["lo", "veth7"], ["none", "its network"], ["way out"]),
        ])
    func networks(
        mode: String, networks: String, interfaces: [String], inForce: [String], missing: [String]
    ) throws {
        let measures = try Self.review(
            Self.facts { $0.interfaces = interfaces }, inspection: #"{"NetworkMode":"\#(mode)"}"#, networks: networks,
            arguments: #"["run","--egress-socket","/run/acode/proxy.sock"]"#
        ) { $0.egress = .only([]) }
        #expect(measures.filter { ["network", "way out"].contains($0.name) }.map(\.inForce) == inForce)
        #expect(Self.missing(measures) == missing)
    }

    @Test func toPodmanANetworkByNameIsABridge() throws {
        let measures = try Self.review(Self.facts(), networks: #"{"lab":{}}"#) { $0.docker.network = "lab" }
        #expect(measures.first { $0.name == "network" }?.inForce == "lab")
        #expect(Self.missing(measures) == [])
    }

    @Test func interfacesAreReadFromTheKernelsTable() {
        let table = "Inter-| Receive\n face |bytes\n    lo:  104 1 0\neth0@if5: 9 1\n"
        #expect(ProcessFacts.interfaces(in: table) == ["lo", "eth0@if5"])
    }

    @Test func aReadOnlyRootIsLookedAtWhereItIsWanted() throws {
        let measures = try Self.review(Self.facts()) { $0.docker.readOnlyRootFilesystem = true }
        #expect(Self.missing(measures) == ["root file system"])
    }

    @Test func ofAWorkerOfOtherSettingsOnlyWhatNoSettingChangesIsJudged() throws {
        let measures = try Self.review(
            Self.facts {
                $0.cgroup?.memory = 64 << 20
                $0.limits["Max open files"]?.hard = 64
                $0.status["CapBnd"] = "00000000a80425fb"
            }, isOutdated: true)
        #expect(Self.missing(measures) == ["capabilities"])
        #expect(measures.first?.name == "settings")
        #expect(measures.first { $0.name == "memory" }?.verdict == .shown)
        #expect(measures.first { $0.name == "memory" }?.inForce == "64 MiB")
    }

    @Test func whatCantBeSeenIsUnknown() throws {
        let measures = try Self.review(nil)
        #expect(Self.missing(measures) == [])
        #expect(measures.first { $0.name == "capabilities" }?.verdict == .unknown)
        #expect(measures.first { $0.name == "memory" }?.verdict == .unknown)
    }

    @Test func aUserNamespaceIsTranslated() throws {
        let measures = try Self.review(
            Self.facts {
                $0.status["Uid"] = "101000\t101000\t101000\t101000"
                $0.status["Gid"] = "101000\t101000\t101000\t101000"
                $0.userMap = ProcessFacts.ranges(in: "0 100000 65536")
                $0.groupMap = $0.userMap
                $0.ownNamespaces["user"] = true
            })
        #expect(Self.missing(measures) == [])
        #expect(measures.first { $0.name == "user" }?.inForce == "1000:1000")
        #expect(measures.first { $0.name == "user namespace" }?.inForce == "its own (0 in it is 100000 on the host)")
    }

    @Test func aLocalWorkerWithoutACgroupSaysWhy() {
        let confinement = LocalConfinement()
        let free = Self.facts { $0.cgroup = .v1(memory: "9223372036854771712", swap: nil, pids: "max", quota: "-1") }
        let measures = LocalReview(
            confinement: confinement, limits: confinement.limits, problem: "it is not allowed", facts: free
        ).measures
        #expect(Self.missing(measures) == ["memory", "swap", "cpu", "processes"])
        #expect(measures.allSatisfy { $0.verdict != .missing || $0.remark?.contains("it is not allowed") == true })
        let held = LocalReview(
            confinement: confinement, limits: confinement.limits, problem: nil, facts: Self.facts()
        ).measures
        #expect(Self.missing(held) == [])
    }

    @Test func limitsOfCgroupV2AreRead() throws {
        let files = [
            "/sys/fs/cgroup/a/memory.max": "536870912\n", "/sys/fs/cgroup/a/memory.swap.max": "0\n",
            "/sys/fs/cgroup/a/pids.max": "max\n", "/sys/fs/cgroup/a/cpu.max": "50000 100000\n",
        ]
        let limits = CgroupLimits(try #require(CgroupPaths(procCgroup: "0::/a\n"))) { files[$0] }
        #expect(limits.memory == 536_870_912)
        #expect(limits.memoryAndSwap == 536_870_912)
        #expect(limits.processes == .max)
        #expect(limits.cpus == 0.5)
        #expect(limits.allowsAllDevices == nil)
    }

    @Test func stepsOfALocalCgroup() {
        let limits = ResourceLimits(cpus: 0.5, memoryMb: 64, pidsLimit: 20)
        let unified = LocalCgroup(directories: ["memory": "/c", "cpu": "/c", "pids": "/c"], version: .v2)
        #expect(
            unified.steps(limits).map { "\($0.file)=\($0.value)" } == [
                "/c/memory.max=67108864", "/c/memory.swap.max=0", "/c/cpu.max=50000 100000", "/c/pids.max=20",
            ])
        let split = LocalCgroup(directories: ["memory": "/m", "cpu": "/c", "pids": "/p"], version: .v1)
        #expect(
            split.steps(limits).map { "\($0.file)=\($0.value)" } == [
                "/m/memory.memsw.limit_in_bytes=-1", "/m/memory.limit_in_bytes=67108864",
                "/m/memory.memsw.limit_in_bytes=67108864", "/c/cpu.cfs_period_us=100000",
                "/c/cpu.cfs_quota_us=50000", "/p/pids.max=20",
            ])
    }
}

extension CgroupLimits {
    /// The limits in files of cgroup v1.
    fileprivate static func v1(memory: String, swap: String?, pids: String, quota: String) -> CgroupLimits? {
        let text = "5:devices:/a\n4:memory:/a\n3:pids:/a\n2:cpu:/a\n"
        let files = [
            "memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": swap, "pids.max": pids,
            "cpu.cfs_quota_us": quota, "cpu.cfs_period_us": "100000", "devices.list": "c 1:3 rwm\n",
        ]
        return CgroupPaths(procCgroup: text).map { paths in
            CgroupLimits(paths) { path in files[String(path.split(separator: "/").last ?? "")] ?? nil }
        }
    }
}
