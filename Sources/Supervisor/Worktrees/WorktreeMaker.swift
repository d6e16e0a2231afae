internal import Foundation
internal import Settings
internal import TaskModel
internal import WorkerPool

/// Puts a clone of a repository into a worker's working directory, for one attempt.
struct WorktreeMaker: Sendable {
    /// Who tasks in containers run as that name no other user.
    let poolUser: ContainerUser
    /// Who the users of containers are on this host.
    let users: UserMapping

    /// Makes the worktree; returns what was checked out, in words. The worker's directories are emptied when the attempt
    /// has ended, whether this worked or not.
    ///
    /// - Throws: as `GitCheckout.make`.
    func make(_ source: GitSource, on worker: any Worker, stop: OneShot<StopIntent>) async throws(WorkerError) -> String
    {
        let directory = worker.directory
        let checkout = GitCheckout(
            source: source, target: directory.workspace,
            owner: worker.profile.mode == .docker ? users.outside(worker.profile.user ?? poolUser).uid : nil)
        let configuration = "\(directory.root)/gitconfig"
        try await HostFiles.mounts.run("the directory \(directory.root)") { () throws(WorkerError) in
            do {
                try Data(GitCommand.configurationText.utf8).write(to: URL(fileURLWithPath: configuration))
            } catch {
                throw WorkerError(.host, "can't write \(configuration): \(error.localizedDescription)")
            }
        }
        let commit = try await checkout.make(configuration: configuration, stop: stop)
        try await HostFiles.worktrees.run("the worktree of \(source.repo)", atMost: GitCheckout.limit) {
            checkout.handOver()
        }
        return "\(source.repo) at \(commit)"
    }
}
