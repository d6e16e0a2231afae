import ContainerEngine
import Settings
import TaskModel
import TestSupport
import Testing

@testable import WorkerPool

@Suite("Container blueprint")
struct ContainerBlueprintTests {
    private let scratch: Scratch
    private let context: WorkerContext
    private let worker = WorkerID(rawValue: "w1")

    init() throws {
        scratch = try Scratch()
        context = .test(in: scratch, agent: "/opt/acode/acode-agent", stopTimeout: .seconds(10))
    }

    private var directory: WorkerDirectory {
        WorkerDirectory(runtimeDirectory: "/run/acode/tests", stateDirectory: "/var/lib/acode", worker: worker)
    }

    private func configuration(
        limits: ResourceLimits = ResourceLimits(), mounts: [MountSpec] = [],
        _ change: (inout WorkersSettings) -> Void = { _ in }
    ) -> ContainerConfiguration {
        var settings = WorkersSettings()
        change(&settings)
        return ContainerBlueprint(context: context, settings: settings).configuration(
            profile: WorkerProfile(image: "busybox:1", limits: limits, mounts: mounts), worker: worker,
            directory: directory)
    }

    @Test func theDefaultContainerIsExactlyThis() {
        var expected = ContainerConfiguration(image: "busybox:1")
        expected.entrypoint = ["/.acode/bin/acode-agent"]
        expected.cmd = [
            "run", "--socket", "/run/acode/agent.sock", "--worker-id", "w1", "--inherit-environment",
            "--refuse-escapes", "--scratch", "/.acode/tmp", "--scratch", "/tmp", "--scratch", "/var/tmp", "--scratch",
            "/run", "--scratch",
            "/dev/shm", "--scratch", "/dev/mqueue", "--orphan-timeout", "20", "--stop-grace", "8",
        ]
        expected.env = [
            "ACODE_TEMP_DIR": "/.acode/tmp", "ACODE_SECRETS_DIR": "/run/secrets",
            "ACODE_OUTPUT_DIR": "/.acode/task/output", "ACODE_RESULT_FILE": "/.acode/task/result.json",
            "ACODE_TASK_FILE": "/run/acode/task.json",
            "ACODE_CHECKPOINT_FILE": "/run/acode/checkpoint.json", "ACODE_STOP_FILE": "/run/acode/stop",
        ]
        expected.labels = [
            "acode.worker": "true", "acode.worker.id": "w1", "acode.pool": "tests",
            "acode.supervisor": "supervisor-1", "acode.installation": "installation-1", "acode.version": "1.2.3",
        ]
        expected.user = "1000:1000"
        expected.workingDir = "/workspace"
        expected.stopSignal = "SIGTERM"
        expected.stopTimeout = .seconds(10)
        expected.healthcheck = .command(
            ["/.acode/bin/acode-agent", "health"], interval: .seconds(30), timeout: .seconds(5),
            startPeriod: .seconds(10), retries: 3)
        expected.networkMode = .bridge
        expected.memory = 512 << 20
        expected.memorySwap = 512 << 20
        expected.nanoCPUs = 1_000_000_000
        expected.pidsLimit = 100
        expected.shmSize = 64 << 20
        expected.capDrop = ["ALL"]
        expected.securityOpt = ["no-new-privileges"]
        expected.ipcMode = "private"
        expected.ulimits = [
            .init(name: "nofile", soft: 1024, hard: 1024), .init(name: "nproc", soft: 4096, hard: 4096),
            .init(name: "core", soft: 0, hard: 0),
        ]
        expected.mounts = [
            .bind(source: "/opt/acode/acode-agent", target: "/.acode/bin/acode-agent", readOnly: true),
            .bind(source: "/run/acode/tests/w/w1/agent", target: "/run/acode", readOnly: true),
            .bind(source: "/run/acode/tests/w/w1/secrets", target: "/run/secrets", readOnly: true),
            .bind(source: "/var/lib/acode/workers/w1/task", target: "/.acode/task", readOnly: false),
            .tmpfs(target: "/.acode/tmp", sizeBytes: 64 << 20),
            .bind(source: "/var/lib/acode/workers/w1/work", target: "/workspace", readOnly: false),
        ]
        expected.restartPolicy = .onFailure(maximumRetries: 3)
        #expect(configuration() == expected)
    }

    /// Emptying a directory that a user mounted would delete the user's files.
    @Test(arguments: [
        ("/tmp", ["/.acode/tmp", "/var/tmp", "/run", "/dev/shm", "/dev/mqueue"]),
        ("/var", ["/.acode/tmp", "/tmp", "/run", "/dev/shm", "/dev/mqueue"]),
        ("/tmp/inside", ["/.acode/tmp", "/tmp", "/var/tmp", "/run", "/dev/shm", "/dev/mqueue"]),
    ])
    func mountedDirectoriesAreNotSwept(target: String, swept: [String]) {
        let words = configuration(mounts: [MountSpec(source: "/srv/x", target: target)]).cmd ?? []
        let found = zip(words, words.dropFirst()).filter { $0.0 == "--scratch" }.map(\.1)
        #expect(found == swept)
    }

    @Test func limitedEgressTakesTheNetworkAwayAndNamesTheProxy() throws {
        let rule = try EgressRule("example.org")
        let limited = configuration {
            $0.egress = .only([rule])
            $0.docker.network = "bridge"
        }
        #expect(limited.networkMode == .none)
        #expect(
            limited.cmd?.suffix(4) == ["--egress-socket", "/run/acode/proxy.sock", "--egress-port", "3128"])
        #expect(limited.env["HTTPS_PROXY"] == "http://127.0.0.1:3128")
        #expect(limited.env["no_proxy"] == "localhost,127.0.0.1,::1")
        #expect(limited.problems() == [])
        #expect(configuration().env["HTTPS_PROXY"] == nil)
    }

    @Test func nothingAnEngineWouldRefuseIsAsked() {
        #expect(configuration().problems() == [])
        #expect(configuration { $0.docker.readOnlyRootFilesystem = true }.problems() == [])
    }

    /// Whatever is configured, hardening stays and nothing is added.
    @Test func hardeningIsNotNegotiable() {
        let container = configuration {
            $0.docker.allowRoot = true
            $0.docker.user = ContainerUser(uid: 0, gid: 0)
            $0.docker.network = "host"
            $0.recycle = .never
        }
        #expect(container.capDrop == ["ALL"])
        #expect(container.capAdd == [])
        #expect(container.securityOpt == ["no-new-privileges"])
        #expect(container.memorySwap == container.memory)
        #expect(container.pidsLimit == 100)
    }

    @Test func limitsAreThoseOfTheProfile() {
        let container = configuration(limits: ResourceLimits(cpus: 0.3, memoryMb: 6, pidsLimit: 2))
        #expect(container.nanoCPUs == 300_000_000)
        #expect(container.memory == 6_291_456)
        #expect(container.memorySwap == 6_291_456)
        #expect(container.pidsLimit == 2)
    }

    @Test func configuredUlimitsAndSizesAreApplied() {
        let container = configuration {
            $0.docker.ulimits.nofile = 64
            $0.docker.ulimits.nproc = 16
            $0.docker.ulimits.core = 1 << 20
            $0.docker.resources.shmMb = 1
            $0.docker.resources.tempMb = 3
        }
        #expect(container.ulimits.map(\.hard) == [64, 16, 1 << 20])
        #expect(container.ulimits.map(\.soft) == [64, 16, 1 << 20])
        #expect(container.shmSize == 1 << 20)
        #expect(container.mounts.contains(.tmpfs(target: "/.acode/tmp", sizeBytes: 3 << 20)))
    }

    @Test func aWorkingDirectoryInMemoryIsSweptByTheAgent() {
        let container = configuration { $0.docker.resources.workTmpfsMb = 5 }
        #expect(container.mounts.contains(.tmpfs(target: "/workspace", sizeBytes: 5 << 20)))
        #expect(container.mounts.count { $0.target == "/workspace" } == 1)
        #expect(container.cmd?.contains("/workspace") == true)
    }

    @Test func aReadOnlyRootComesWithAPlaceForTemporaryFiles() {
        let container = configuration { $0.docker.readOnlyRootFilesystem = true }
        #expect(container.readonlyRootfs)
        #expect(container.env["TMPDIR"] == "/.acode/tmp")
        #expect(configuration().env["TMPDIR"] == nil)
    }

    @Test func containersToBeKeptSaySo() {
        #expect(configuration { $0.docker.keepContainers = true }.labels["acode.keep"] == "true")
        #expect(configuration().labels["acode.keep"] == nil)
    }

    @Test(
        arguments: [
            ("bridge", ContainerConfiguration.NetworkMode.bridge), ("host", .host), ("none", .none),
            ("builds", .named("builds")),
        ])
    func networkModesAreTheUsersWords(_ name: String, mode: ContainerConfiguration.NetworkMode) {
        #expect(configuration { $0.docker.network = name }.networkMode == mode)
    }

    @Test func userDNSAndHostsArePassedOn() {
        let container = configuration {
            $0.docker.user = ContainerUser(uid: 7, gid: 8)
            $0.docker.dns = ["10.0.0.2"]
            $0.docker.extraHosts = ["db.local:10.0.0.5"]
            $0.docker.workdir = "/src"
        }
        #expect(container.user == "7:8")
        #expect(container.dns == ["10.0.0.2"])
        #expect(container.extraHosts == ["db.local:10.0.0.5"])
        #expect(container.workingDir == "/src")
        #expect(container.mounts.last?.target == "/src")
    }

    @Test func mountsFollowOursAndMayTakeTheWorkingDirectorysPlace() {
        let mounts = [
            MountSpec(source: "/srv/data", target: "/data", readOnly: true),
            MountSpec(source: "/srv/repo", target: "/workspace"),
        ]
        let container = configuration(mounts: mounts)
        #expect(
            container.mounts.suffix(2) == [
                .bind(source: "/srv/data", target: "/data", readOnly: true),
                .bind(source: "/srv/repo", target: "/workspace", readOnly: false),
            ])
        #expect(container.mounts.count(where: { $0.target == "/workspace" }) == 1)
    }

    @Test func aSingleUseContainerIsNotRestartedByTheEngine() {
        #expect(configuration { $0.recycle = .always }.restartPolicy == .no)
    }

    /// The task needs a second less than the engine gives, so that its end can still be reported.
    @Test(arguments: [(60, "58"), (10, "8"), (3, "1"), (1, "1"), (0, "1")])
    func theAgentStopsItsTaskBeforeTheEngineKillsTheAgent(timeout: Int, grace: String) throws {
        var context = self.context
        context.stopTimeout = .seconds(timeout)
        let container = ContainerBlueprint(context: context, settings: WorkersSettings()).configuration(
            profile: WorkerProfile(image: "i:1", limits: ResourceLimits(), mounts: []), worker: worker,
            directory: directory)
        #expect(container.cmd?.last == grace)
    }

    @Test func theNameIsUniqueByItsWorker() {
        #expect(ContainerBlueprint.name(of: worker) == "acode-worker-w1")
    }
}
