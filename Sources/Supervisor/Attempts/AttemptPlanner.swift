internal import Foundation
internal import Glibc
internal import Settings
package import TaskModel
package import WorkerPool

/// What a task needs: the profile of its worker and how long it may run.
package struct AttemptPlan: Sendable {
    /// The worker's profile, without the mounts that are still to be looked at.
    package var profile: WorkerProfile
    /// How long the attempt may run.
    package var timeout: Duration?
    /// What it may have on disk in MiB; `nil` is no limit.
    package var diskLimitMb: Int?
    /// The task's own mounts, to be looked at on the disk before the profile may be used.
    package var unresolvedMounts: [MountSpec] = []
    /// The task's own mounts as they were found: without symbolic links. Part of the profile.
    package var mounts: [MountSpec] = []
    /// What those mounts led to when they were looked at.
    var identities: [MountIdentity] = []
    /// Where its outputs go.
    var outputs: [OutputPlace] = []
    /// The repository its working directory is a clone of.
    var git: GitSource?
    /// Where a local process starts instead of in an empty directory, or a task whose container does not say it.
    var workingDirectory: String?
    /// Why there is nothing to do, in plain words; `nil` when there is.
    var skip: String?
    /// What may make the command fail, in plain words.
    var hints: [String] = []
    /// What the attempt may use where workers are processes and this host can limit them.
    package var localLimits: ResourceLimits?
    /// What the task asked for and does not get, in plain words.
    package var warnings: [String] = []

    /// Whether `complete` has anything to look at.
    package var needsLook: Bool { !unresolvedMounts.isEmpty || !outputs.isEmpty || git != nil }
}

/// Turns what a user asked for into what the pool can give, or says why it can't.
package struct AttemptPlanner: Sendable {
    let settings: Settings
    let secrets: SecretSources
    let mounts: MountPolicy
    let outputs: OutputPolicy
    /// Whether the pool's workers are containers.
    let mode: WorkerMode
    /// Whether its local workers only stand in for containers: then a task that can't run on them waits.
    var isStandIn = false
    /// Whether this host can limit local workers.
    var limitsLocalWorkers = false
    /// Who the users of containers are on this host.
    var users = UserMapping.same
    /// The user this supervisor runs as.
    var ownUser: UInt32 = geteuid()

    /// The plan for a task. Looks at no file: `complete` does that, if there is anything to look at.
    ///
    /// - Throws: `configuration_refused` when it asks for more than the pool allows.
    package func plan(for task: QueuedTask) throws(WorkerError) -> AttemptPlan {
        let timeout = task.spec.timeout.map { Duration.seconds($0) } ?? settings.queue.defaultTimeout
        guard mode == .docker else { return try localPlan(task, timeout) }
        let docker = settings.workers.docker
        let granted: ResourceGrant
        do {
            granted = try docker.resources.granting(task.spec.resources)
        } catch {
            throw WorkerError(.configurationRefused, error.description)
        }
        var plan = AttemptPlan(
            profile: WorkerProfile(
                image: task.spec.image ?? docker.image, limits: granted.limits, mounts: docker.mounts,
                user: try user(of: task.spec), egress: ownEgress(of: task.spec)),
            timeout: timeout, diskLimitMb: granted.diskMb, unresolvedMounts: task.spec.mounts)
        if let egress = plan.profile.egress, let mistake = settings.workers.mistake(in: egress) {
            throw WorkerError(.configurationRefused, mistake)
        }
        if docker.resources.workTmpfsMb > 0 { plan.workingDirectory = docker.workdir }
        plan.outputs = try outputs.places(of: task)
        try place(task.spec.worktree, in: &plan)
        return plan
    }

    /// Where a task may connect to, if that is less than where the pool's tasks may.
    func ownEgress(of spec: TaskSpec) -> EgressPolicy? {
        spec.egress == settings.workers.egress ? nil : spec.egress
    }

    /// The user a task asks for, where that is another than the pool's.
    private func user(of spec: TaskSpec) throws(WorkerError) -> ContainerUser? {
        guard let text = spec.user else { return nil }
        guard let user = ContainerUser(text) else {
            throw WorkerError(.configurationRefused, "the user \(text) is not written as numbers, uid:gid")
        }
        guard !user.isRoot || settings.workers.docker.allowRoot else {
            throw WorkerError(
                .configurationRefused,
                "the user \(text) is root; choose another, or set workers.docker.allowRoot to true")
        }
        if user == settings.workers.docker.user { return nil }
        guard ownUser == 0 || users.outside(user).uid == ownUser else {
            throw WorkerError(
                .configurationRefused,
                "the supervisor is not root but the user \(ownUser), and could not remove what the user \(text) leaves: "
                    + "run the supervisor as root, or submit the task without a user")
        }
        return user
    }

    /// The plan with the task's own mounts in its profile, by the paths they really have. May take seconds.
    ///
    /// - Throws: `configuration_refused` for a mount that is missing or forbidden, `host` when the disk does not answer.
    package func complete(_ plan: AttemptPlan) async throws(WorkerError) -> AttemptPlan {
        var plan = plan
        if try await isDone(plan) { return plan.skipped }
        let found = try await resolve(plan.unresolvedMounts, for: plan.profile.user)
        plan.mounts = found.map(\.mount)
        plan.identities = found.map(\.identity)
        plan.hints = found.compactMap(\.hint)
        plan.unresolvedMounts = []
        plan.profile.mounts += plan.mounts
        if let git = plan.git { plan.git = try await resolve(git) }
        return plan
    }

    /// Whether all outputs are in their places already, so that the work need not be done again.
    private func isDone(_ plan: AttemptPlan) async throws(WorkerError) -> Bool {
        let places = plan.outputs
        guard !places.isEmpty, !places.contains(where: \.output.replace) else { return false }
        return try await HostFiles.mounts.run("the places of the outputs") {
            OutputShelf.complete(places).count == places.count
        }
    }

    /// Looks again, when the worker is there and before the task runs: minutes may have passed, in which another task
    /// that can write to a mounted directory may have put something else in its place, and put it back since. So what is
    /// mounted is compared, where the kernel lets this process see it, and not only what has that name now.
    ///
    /// - Throws: `host` when a mount is no longer what it was; the worker must not be used.
    func checkMountsAgain(_ plan: AttemptPlan, in worker: any Worker) async throws(WorkerError) {
        guard !plan.mounts.isEmpty else { return }
        let found = try await resolve(plan.mounts, for: plan.profile.user)
        let (mounts, identities, pid) = (plan.mounts, plan.identities, worker.agentPID)
        try await HostFiles.mounts.run("the mounts") { () throws(WorkerError) in
            for (index, mount) in mounts.enumerated() {
                let inside = pid.flatMap { MountIdentity(target: mount.target, inContainerOf: $0) }
                guard found[index].mount == mount, found[index].identity == identities[index],
                    inside ?? identities[index] == identities[index]
                else {
                    throw WorkerError(.host, "the mount \(mount.source) was replaced while the worker was made")
                }
            }
        }
    }

    /// Looks at mounts for a task that runs as `user`, which is `nil` for the pool's.
    private func resolve(
        _ wanted: [MountSpec], for user: ContainerUser?
    ) async throws(WorkerError) -> [ResolvedMount] {
        guard !wanted.isEmpty else { return [] }
        let access = MountAccess(user: user ?? settings.workers.docker.user, isOfTask: user != nil, users: users)
        return try await HostFiles.mounts.run("the mounts") { [mounts] () throws(WorkerError) in
            var found: [ResolvedMount] = []
            for mount in wanted { found.append(try mounts.resolve(taskMount: mount, access)) }
            return found
        }
    }

    /// A process runs in the host's own file system, so that a mount can't be had, nor be left out: the task would write
    /// to the host's directory of that name.
    private func localPlan(_ task: QueuedTask, _ timeout: Duration?) throws(WorkerError) -> AttemptPlan {
        let spec = task.spec
        if let mount = spec.mounts.first {
            if isStandIn {
                throw WorkerError(
                    .engineUnavailable, "the engine is away, and a local process can't have the mount \(mount.target)")
            }
            throw WorkerError(
                .configurationRefused,
                "a local process can't have the mount \(mount.target); submit the task with `isolation: container`")
        }
        if ownEgress(of: spec)?.isRestricted == true, !settings.workers.fallbackIgnoresNetwork {
            throw isStandIn
                ? WorkerError(
                    .engineUnavailable, "the engine is away, and a local process can't be kept to the task's egress")
                : WorkerError(
                    .configurationRefused,
                    "a local process can't be kept to the task's egress; submit the task with `isolation: container`")
        }
        var plan = AttemptPlan(profile: .local, timeout: timeout)
        if ownEgress(of: spec)?.isRestricted == true {
            plan.warnings.append("runs as a local process, which connects wherever this host does")
        }
        plan.outputs = try outputs.places(of: task)
        plan.git = spec.worktree?.git
        plan.workingDirectory = spec.worktree?.path
        if let image = spec.image { plan.warnings.append("runs as a local process, without the image \(image)") }
        if let user = spec.user { plan.warnings.append("runs as a local process, not as the user \(user)") }
        let granted: ResourceGrant
        do {
            granted = try settings.workers.docker.resources.granting(
                limitsLocalWorkers ? spec.resources : ResourceRequest(diskMb: spec.resources.diskMb))
        } catch {
            throw WorkerError(.configurationRefused, error.description)
        }
        // Measured by acode itself, whatever the kernel can limit.
        plan.diskLimitMb = granted.diskMb
        if limitsLocalWorkers {
            plan.localLimits = granted.limits
        } else if spec.resources != ResourceRequest(diskMb: spec.resources.diskMb) {
            plan.warnings.append("runs as a local process, without the limits of CPU, memory and processes it asks for")
        }
        return plan
    }

    /// What tells a command its type and its parameters.
    static func variables(of spec: TaskSpec) -> [String: String] {
        guard let type = spec.type else { return [:] }
        let pairs = (spec.params ?? [:]).map { (ParameterSpec.variable(of: $0), $1.text) }
        return Dictionary([("ACODE_TASK_TYPE", type)] + pairs) { first, _ in first }
    }

    /// The request a worker gets for an attempt, with its secrets read now.
    ///
    /// - Throws: `configuration_refused` or `host` for a secret that is unknown or can't be read.
    func request(
        for attempt: RunningAttempt, _ plan: AttemptPlan, worker: any Worker
    ) async throws(WorkerError) -> AttemptRequest {
        let task = attempt.claim.task
        var environment = worker.profile.mode == .docker ? settings.workers.docker.environment : [:]
        environment.merge(task.spec.env) { _, own in own }
        environment["ACODE_TASK_ID"] = task.id.rawValue
        environment["ACODE_ATTEMPT"] = String(attempt.claim.lease.attempt)
        environment["ACODE_WORKER_ID"] = worker.id.rawValue
        environment.merge(Self.variables(of: task.spec)) { _, own in own }
        var request = AttemptRequest(
            ref: attempt.ref, command: task.spec.command, environment: environment,
            workingDirectory: task.spec.workdir ?? plan.workingDirectory,
            stdin: task.spec.stdin.map { Array($0.utf8) }, taskFile: TaskDocument(attempt.claim).content,
            secrets: try await secrets.read(task.spec.secrets, stop: attempt.stopIntent), limits: plan.localLimits,
            timeout: plan.timeout,
            stopGrace: settings.workers.stopTimeout, stop: attempt.stopIntent)
        request.stopAnnounced = attempt.stopAnnounced
        request.graceOver = attempt.graceOver
        return request
    }
}
