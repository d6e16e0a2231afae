internal import Settings
internal import TaskModel
internal import WorkerPool

/// A mount of a task as it was found on the disk.
struct ResolvedMount: Sendable, Equatable {
    /// By the path it really has.
    var mount: MountSpec
    var identity: MountIdentity
    /// Why the worker's user will most likely have no use for it.
    var hint: String?
}

extension AttemptPlan {
    /// The plan of a task whose outputs are all there.
    var skipped: AttemptPlan {
        var plan = self
        let places = outputs.map(\.path).joined(separator: ", ")
        plan.skip = "\(outputs.count == 1 ? "its output is" : "all its outputs are") complete already: \(places)"
        plan.unresolvedMounts = []
        return plan
    }
}

extension AttemptPlanner {
    /// Makes the worktrees of attempts.
    var worktrees: WorktreeMaker { WorktreeMaker(poolUser: settings.workers.docker.user, users: users) }

    /// Puts a worktree in the place of the directory that containers start in, whatever the pool mounts there.
    ///
    /// - Throws: `configuration_refused` when the task itself mounts something there.
    func place(_ worktree: WorktreeSpec?, in plan: inout AttemptPlan) throws(WorkerError) {
        guard let worktree else { return }
        let target = LexicalPath.normalised(settings.workers.docker.workdir)
        let isTarget: (MountSpec) -> Bool = { LexicalPath.normalised($0.target) == target }
        guard !plan.unresolvedMounts.contains(where: isTarget) else {
            throw WorkerError(.configurationRefused, "the task has a worktree and another mount at \(target)")
        }
        guard worktree.git == nil || settings.workers.docker.resources.workTmpfsMb == 0 else {
            throw WorkerError(
                .configurationRefused,
                "the task's worktree is made on disk, and the pool's working directories are in memory "
                    + "(workers.docker.resources.workTmpfsMb)")
        }
        plan.profile.mounts.removeAll(where: isTarget)
        plan.git = worktree.git
        if let path = worktree.path { plan.unresolvedMounts.append(MountSpec(source: path, target: target)) }
    }

    /// A repository by the path it really has, which must lie in a directory that tasks may mount: what is in it becomes
    /// visible to the task.
    ///
    /// - Throws: as for a mount.
    func resolve(_ git: GitSource) async throws(WorkerError) -> GitSource {
        let mount = MountSpec(source: git.repo, target: settings.workers.docker.workdir, readOnly: true)
        var git = git
        git.repo = try await HostFiles.mounts.run("the repository \(git.repo)") { [mounts] () throws(WorkerError) in
            do throws(WorkerError) {
                return try mounts.check(taskMount: mount).source
            } catch {
                let words = error.message.replacing("the mount source ", with: "the repository ")
                throw WorkerError(error.code, words.replacing("the mount ", with: "the repository "))
            }
        }
        return git
    }
}

extension MountPolicy {
    /// Checks a mount that a task asks for, and notes what it leads to. Blocks.
    ///
    /// - Throws: as `check(taskMount:)`.
    func resolve(taskMount mount: MountSpec, _ access: MountAccess) throws(WorkerError) -> ResolvedMount {
        let real = try check(taskMount: mount)
        // Between the two looks another name may lead elsewhere; the third, at the mount itself, tells.
        guard let identity = MountIdentity(path: real.source), try check(taskMount: mount) == real else {
            throw WorkerError(.host, "the mount \(mount.source) changed while it was looked at")
        }
        return ResolvedMount(mount: real, identity: identity, hint: access.hint(real))
    }
}
