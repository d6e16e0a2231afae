internal import Foundation
internal import Glibc
internal import TaskModel
internal import WorkerPool

/// Makes the worktree of an attempt: a clone that shares nothing with the repository it comes from. Git works in it without
/// the repository being visible in the container, and nothing a task does to it can reach the repository, whose hooks
/// and configuration are programs that run on this host.
struct GitCheckout: Sendable {
    /// Its `repo` is a path without links.
    let source: GitSource
    /// An empty directory, which gets the files.
    let target: String
    /// Who owns the files in the end; `nil` is this process's user.
    let owner: UInt32?

    /// How long cloning and checking out may take together.
    static let limit = Duration.seconds(600)

    /// Makes it; returns the commit.
    ///
    /// - Throws: `configuration_refused` when the repository or what is to be checked out does not exist, `host` when git
    ///   is missing or takes too long, `pool_closed` when `stop` is set meanwhile.
    func make(configuration: String, stop: OneShot<StopIntent>) async throws(WorkerError) -> String {
        let deadline = ContinuousClock.now.advanced(by: Self.limit)
        let isOver: @Sendable () async -> Void = { _ = await stop.wait(atMost: deadline - .now) }
        func git(_ arguments: [String]) async throws(WorkerError) -> String? {
            switch await GitCommand(arguments: arguments, configuration: configuration).run(unless: isOver) {
            case .done(let output): return output
            case .failed(let words):
                lastWords = words
                return nil
            case .missing: throw WorkerError(.host, "git is not installed on this host, and the task wants a worktree")
            case .stopped where stop.current != nil:
                throw WorkerError(.poolClosed, "stopped while its worktree was made")
            case .stopped: throw WorkerError(.host, "the worktree of \(source.repo) was not made within \(Self.limit)")
            }
        }
        var lastWords = ""
        guard try await git(cloning) != nil else {
            throw WorkerError(.configurationRefused, "can't clone \(source.repo): \(lastWords.lastLine)")
        }
        var commit: String?
        for name in GitRef.candidates(source.ref) where commit == nil {
            commit = try await git(["-C", target, "rev-parse", "--verify", "--quiet", "\(name)^{commit}"])
        }
        guard let commit else {
            throw WorkerError(
                .configurationRefused,
                "there is no branch, tag or commit \(source.ref ?? "HEAD") in \(source.repo)"
                    + (source.depth.map { " within a depth of \($0)" } ?? ""))
        }
        guard try await git(["-C", target, "checkout", "--quiet", "--force", "--detach", commit]) != nil else {
            throw WorkerError(.configurationRefused, "can't check out \(commit): \(lastWords.lastLine)")
        }
        return commit
    }

    private var cloning: [String] {
        var arguments = ["clone", "--quiet", "--no-checkout", "--no-local", "--no-hardlinks", "--template="]
        if let depth = source.depth { arguments += ["--depth", String(depth), "--no-single-branch"] }
        return arguments + ["--", source.repo, target]
    }

    /// Gives a finished worktree to the user of the worker. Blocks.
    func handOver() {
        guard let owner, owner != geteuid(), let directory = try? HeldDirectory.open(target) else { return }
        Self.give(directory, to: owner)
    }

    private static func give(_ directory: HeldDirectory, to owner: UInt32) {
        for name in (try? directory.names()) ?? [] {
            if fchownat(directory.descriptor, name, owner, gid_t.max, AT_SYMLINK_NOFOLLOW) != 0 {
                // Not root: everyone may, because nobody else gets this far.
                guard let status = directory.status(name), status.kind != .link else { continue }
                fchmodat(
                    directory.descriptor, name, status.mode | (status.mode & 0o700) >> 3 | (status.mode & 0o700) >> 6, 0
                )
            }
            if let inner = try? directory.directory(name) { give(inner, to: owner) }
        }
    }
}

/// What a user may call a commit. Pure.
enum GitRef {
    /// The names under which a fresh clone may know it, the likeliest first.
    static func candidates(_ ref: String?) -> [String] {
        guard let ref else { return ["HEAD"] }
        for prefix in ["refs/heads/", "origin/"] where ref.hasPrefix(prefix) {
            return ["refs/remotes/origin/\(ref.dropFirst(prefix.count))"]
        }
        if ref == "HEAD" || ref.hasPrefix("refs/tags/") { return [ref] }
        let isCommit = (4...64).contains(ref.utf8.count) && ref.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
        return ["refs/remotes/origin/\(ref)", "refs/tags/\(ref)"] + (isCommit ? [ref] : [])
    }
}

extension String {
    /// The last line that says something, which with git is the one that says why.
    fileprivate var lastLine: Substring { split(separator: "\n").last ?? "git did not say why" }
}
