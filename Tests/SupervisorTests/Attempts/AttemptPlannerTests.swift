import AgentProtocol
import Foundation
import Settings
import TaskModel
import TestSupport
import Testing

@testable import Supervisor
@testable import WorkerPool

@Suite("Attempt planner")
struct AttemptPlannerTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func planner(_ mode: WorkerMode, _ change: (inout Settings) -> Void = { _ in }) -> AttemptPlanner {
        let settings = Settings.test(in: scratch) {
            $0.workers.docker.image = "pool:1"
            $0.workers.docker.allowedMounts = ["\(scratch.path)/data"]
            change(&$0)
        }
        return AttemptPlanner(
            settings: settings, secrets: SecretSources(["token": .command(["printf", "hush"])]),
            mounts: MountPolicy(settings: settings, engineSocket: nil),
            outputs: OutputPolicy(settings: settings, outputsDirectory: "\(scratch.path)/outputs"), mode: mode)
    }

    private func refusal(_ planner: AttemptPlanner, _ spec: TaskSpec) async -> WorkerError? {
        do throws(WorkerError) {
            _ = try await planner.complete(planner.plan(for: .test(spec)))
            return nil
        } catch {
            return error
        }
    }

    @Test func withoutWishesATaskGetsThePoolsProfile() throws {
        let plan = try planner(.docker).plan(for: .test(TaskSpec(command: ["true"])))
        #expect(plan.profile == WorkerProfile(image: "pool:1", limits: ResourceLimits(), mounts: []))
        #expect(plan.timeout == .seconds(7200))
    }

    @Test func imageLimitsMountsAndTimeAreTheTasksOwn() async throws {
        let own = MountSpec(source: "\(scratch.path)/data", target: "/data")
        try FileManager.default.createDirectory(atPath: own.source, withIntermediateDirectories: true)
        let pools = MountSpec(source: "/srv", target: "/srv")
        let spec = TaskSpec(
            command: ["true"], image: "own:2", resources: ResourceRequest(cpus: 0.5, memoryMb: 64), mounts: [own],
            timeout: 1.5)
        let planner = planner(.docker) { $0.workers.docker.mounts = [pools] }
        let draft = try planner.plan(for: .test(spec))
        #expect(draft.profile.mounts == [pools])
        #expect(draft.unresolvedMounts == [own])
        let plan = try await planner.complete(draft)
        #expect(plan.unresolvedMounts.isEmpty)
        #expect(
            plan.profile
                == WorkerProfile(
                    image: "own:2", limits: ResourceLimits(cpus: 0.5, memoryMb: 64, pidsLimit: 100),
                    mounts: [pools, own]))
        #expect(plan.timeout == .milliseconds(1500))
    }

    @Test func aPoolWithoutALimitOfTimeLetsTasksRun() throws {
        let planner = planner(.local) { $0.queue.defaultTimeout = nil }
        #expect(try planner.plan(for: .test(TaskSpec(command: ["true"]))).timeout == nil)
    }

    @Test(
        arguments: [
            ResourceRequest(cpus: 1.5), ResourceRequest(memoryMb: 513), ResourceRequest(pidsLimit: 101),
            ResourceRequest(memoryMb: 1), ResourceRequest(cpus: .nan),
        ])
    func moreThanThePoolHasIsRefused(_ resources: ResourceRequest) async {
        let error = await refusal(planner(.docker), TaskSpec(command: ["true"], resources: resources))
        #expect(error?.code == .configurationRefused)
    }

    @Test func aTasksOwnEgressIsPartOfItsProfile() throws {
        let rule = try EgressRule("a.example.org")
        let planner = planner(.docker) { $0.workers.egress = .only([rule]) }
        #expect(try planner.plan(for: .test(TaskSpec(command: ["a"], egress: .only([])))).profile.egress == .only([]))
        #expect(try planner.plan(for: .test(TaskSpec(command: ["a"], egress: .only([rule])))).profile.egress == nil)
    }

    @Test(
        "egress beyond the pool's is refused, naming both",
        arguments: [
            ("bridge", ["a.example.org"], "b.example.org", "workers.egress, which is a.example.org"),
            ("none", nil, "b.example.org", "workers.docker.network none"),
            ("lab", nil, "b.example.org", "workers.docker.network lab"),
            ("bridge", nil, "127.0.0.1:80", "is an address of this host itself"),
        ])
    func widerEgress(network: String, pool: [String]?, own: String, words: String) async throws {
        let egress: EgressPolicy = try pool.map { .only(try $0.map { try EgressRule($0) }) } ?? .allowAll
        let planner = planner(.docker) {
            $0.workers.docker.network = network
            $0.workers.egress = egress
        }
        let error = await refusal(planner, TaskSpec(command: ["a"], egress: .only([try EgressRule(own)])))
        #expect(error?.code == .configurationRefused)
        #expect(
            error?.message.contains("egress \(own) ") == true && error?.message.contains(words) == true,
            "\(String(describing: error))")
    }

    /// A process has the host's network, so a limit that nobody enforces must not look like one.
    @Test func aProcessIsNoWorkerForATaskWithItsOwnEgress() async {
        let spec = TaskSpec(command: ["a"], egress: .only([]))
        #expect(await refusal(planner(.local), spec)?.code == .configurationRefused)
        var standIn = planner(.local)
        standIn.isStandIn = true
        #expect(await refusal(standIn, spec)?.code == .engineUnavailable)
        #expect(await refusal(planner(.local) { $0.workers.fallbackIgnoresNetwork = true }, spec) == nil)
    }

    @Test func aMountOutsideTheAllowedDirectoriesIsRefused() async {
        let spec = TaskSpec(command: ["true"], mounts: [MountSpec(source: "/etc", target: "/x")])
        #expect(await refusal(planner(.docker), spec)?.code == .configurationRefused)
    }

    /// What is checked is what is mounted: the name may lead elsewhere a moment later.
    @Test func aMountIsMadeByThePathItReallyHas() async throws {
        let files = FileManager.default
        try files.createDirectory(atPath: "\(scratch.path)/data/real", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: "\(scratch.path)/data/name", withDestinationPath: "real")
        let spec = TaskSpec(
            command: ["true"], mounts: [MountSpec(source: "\(scratch.path)/data/name", target: "/x", readOnly: true)])
        let planner = planner(.docker)
        let plan = try await planner.complete(planner.plan(for: .test(spec)))
        #expect(
            plan.profile.mounts == [MountSpec(source: "\(scratch.path)/data/real", target: "/x", readOnly: true)])
        try await planner.checkMountsAgain(plan, in: worker)
    }

    private var worker: ProcessWorker { ProcessWorker(context: .idle(in: scratch)) }

    /// The name is the same and leads nowhere else, but what is mounted is another directory.
    @Test func aMountThatWasReplacedMeanwhileIsRefused() async throws {
        let files = FileManager.default
        let path = "\(scratch.path)/data/real"
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        let planner = planner(.docker)
        let spec = TaskSpec(command: ["true"], mounts: [MountSpec(source: path, target: "/x")])
        let plan = try await planner.complete(planner.plan(for: .test(spec)))
        try files.moveItem(atPath: path, toPath: "\(scratch.path)/data/old")
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        await #expect(throws: WorkerError.self) { try await planner.checkMountsAgain(plan, in: worker) }
    }

    @Test func aWorktreeTakesThePlaceOfTheWorkingDirectory() async throws {
        let files = FileManager.default
        let path = "\(scratch.path)/data/tree"
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        let planner = planner(.docker) {
            $0.workers.docker.mounts = [
                MountSpec(source: "/srv/repo", target: "/workspace/"), MountSpec(source: "/srv", target: "/srv"),
            ]
        }
        var spec = TaskSpec(command: ["true"], worktree: WorktreeSpec(path: path))
        let plan = try await planner.complete(planner.plan(for: .test(spec)))
        #expect(
            plan.profile.mounts == [
                MountSpec(source: "/srv", target: "/srv"), MountSpec(source: path, target: "/workspace"),
            ])
        spec.worktree = WorktreeSpec(git: GitSource(repo: path))
        let git = try await planner.complete(planner.plan(for: .test(spec)))
        #expect(git.profile.mounts == [MountSpec(source: "/srv", target: "/srv")])
        #expect(git.git == GitSource(repo: path))
        spec.mounts = [MountSpec(source: path, target: "/workspace")]
        #expect(await refusal(planner, spec)?.code == .configurationRefused)
        for wrong in [WorktreeSpec(path: "/etc"), WorktreeSpec(git: GitSource(repo: "/etc"))] {
            let spec = TaskSpec(command: ["true"], worktree: wrong)
            #expect(await refusal(planner, spec)?.code == .configurationRefused)
        }
    }

    @Test(arguments: ["/etc", "elsewhere"])
    func aMountThatBecameALinkMeanwhileIsRefused(_ target: String) async throws {
        let files = FileManager.default
        for name in ["real", "elsewhere"] {
            try files.createDirectory(atPath: "\(scratch.path)/data/\(name)", withIntermediateDirectories: true)
        }
        let spec = TaskSpec(command: ["true"], mounts: [MountSpec(source: "\(scratch.path)/data/real", target: "/x")])
        let planner = planner(.docker)
        let plan = try await planner.complete(planner.plan(for: .test(spec)))
        try files.removeItem(atPath: "\(scratch.path)/data/real")
        try files.createSymbolicLink(atPath: "\(scratch.path)/data/real", withDestinationPath: target)
        await #expect(throws: WorkerError.self) { try await planner.checkMountsAgain(plan, in: worker) }
    }

    /// Left out, a process would write to the host's own directory of that name.
    @Test func aLocalPoolRefusesMountsAndSaysWhatElseItLeavesOut() async throws {
        let mounting = TaskSpec(command: ["true"], mounts: [MountSpec(source: scratch.path, target: "/x")])
        #expect(await refusal(planner(.local), mounting)?.code == .configurationRefused)
        let spec = TaskSpec(command: ["true"], image: "own:2", resources: ResourceRequest(memoryMb: 9999))
        let warnings = try planner(.local).plan(for: .test(spec)).warnings
        #expect(warnings.count == 2)
        #expect(warnings[0].contains("own:2"))
        #expect(try planner(.local).plan(for: .test(TaskSpec(command: ["true"]))).warnings.isEmpty)
        #expect(try planner(.docker).plan(for: .test(TaskSpec(command: ["true"], image: "own:2"))).warnings.isEmpty)
    }

    /// Who the supervisor is, who the task asks to be, and whether it may.
    @Test(
        arguments: [
            (0, "2000:2000", UserMapping.same, true), (1500, "1500:100", .same, true),
            (1500, "2000:2000", .same, false),
            (1500, "2000:1500", .same, false), (1500, "1000:1000", .same, true),
            (1500, "2000:2000", .keepingOwn, false), (1500, "0:0", .shifted(firstUser: 1500, firstGroup: 1500), true),
        ] as [(UInt32, String, UserMapping, Bool)])
    func onlyRootTakesUsersWhoseFilesItCouldNotRemove(
        _ own: UInt32, _ user: String, _ users: UserMapping, _ isTaken: Bool
    ) async throws {
        var planner = planner(.docker) { $0.workers.docker.allowRoot = true }
        (planner.ownUser, planner.users) = (own, users)
        var spec = TaskSpec(command: ["true"])
        spec.user = user
        let refusal = await refusal(planner, spec)
        #expect((refusal == nil) == isTaken, "\(String(describing: refusal))")
        if let refusal { #expect(refusal.message.contains("run the supervisor as root")) }
    }

    @Test func aLocalPoolHasOneProfileForAll() throws {
        let spec = TaskSpec(command: ["true"], image: "own:2", resources: ResourceRequest(memoryMb: 9999))
        #expect(try planner(.local).plan(for: .test(spec)).profile == .local)
    }

    @Test func theRequestCarriesWhatTheTaskIsAndNeeds() async throws {
        let planner = planner(.local) {
            $0.workers.docker.environment = ["ONLY": "containers"]
            $0.workers.stopTimeout = .seconds(3)
        }
        let spec = TaskSpec(
            command: ["cat", "-"], env: ["A": "1", "ACODE_TASK_ID": "forged"], stdin: "in", workdir: "/tmp",
            secrets: ["token"], timeout: 9)
        let task = QueuedTask.test(spec)
        let lease = Lease(taskID: task.id, attempt: 2, token: 77)
        let attempt = RunningAttempt(claim: ClaimedTask(task: task, lease: lease))
        let worker = ProcessWorker(context: .idle(in: scratch))
        let request = try await planner.request(for: attempt, try planner.plan(for: task), worker: worker)
        #expect(request.ref == AttemptRef(taskID: "task-1", attempt: 2, token: 77))
        #expect(request.command == ["cat", "-"])
        #expect(
            request.environment == [
                "A": "1", "ACODE_TASK_ID": "task-1", "ACODE_ATTEMPT": "2", "ACODE_WORKER_ID": worker.id.rawValue,
            ])
        #expect(request.workingDirectory == "/tmp")
        #expect(String(decoding: request.taskFile, as: UTF8.self).contains(#""attempt":2,"command":["cat","-"]"#))
        #expect(request.stdin == Array("in".utf8))
        #expect(request.secrets == ["token": Array("hush".utf8)])
        #expect(request.timeout == .seconds(9))
        #expect(request.stopGrace == .seconds(3))
        #expect(request.stop === attempt.stopIntent)
    }
}
