internal import AgentProtocol
internal import Foundation
internal import Glibc
package import TaskModel

/// The directories of one worker under the runtime directory:
/// `<runtime>/w/<id>/agent` holds the agent's socket and is mounted read-only at `/run/acode`;
/// `<runtime>/w/<id>/secrets`, or `<memory>/<id>` where the runtime directory is on a disk, holds the running attempt's
/// secrets and is mounted read-only at `/run/secrets`;
/// `<state>/workers/<id>/work` is the directory tasks start in, on disk because a build may need room;
/// `<state>/workers/<id>/task` is where a task leaves its outputs and its result.
package struct WorkerDirectory: Sendable {
    /// `<runtime>/w/<id>`, mode 0700.
    package let root: String

    /// `<state>/workers/<id>`, mode 0700.
    package let store: String

    /// The mounted directory of the secrets, mode 0700.
    package let secrets: String

    /// The pool's directory of secrets; see `SecretsPlace`.
    private let secretsDirectory: String?

    /// Names the directories of a worker; `secretsDirectory` is that of the pool, where secrets are not below the runtime
    /// directory.
    package init(
        runtimeDirectory: String, stateDirectory: String, secretsDirectory: String? = nil, worker: WorkerID
    ) {
        root = "\(runtimeDirectory)/w/\(worker.rawValue)"
        store = "\(stateDirectory)/workers/\(worker.rawValue)"
        secrets = secretsDirectory.map { "\($0)/\(worker.rawValue)" } ?? "\(root)/secrets"
        self.secretsDirectory = secretsDirectory
    }

    /// The directories of a worker of a pool.
    package init(_ context: WorkerContext, worker: WorkerID) {
        self.init(
            runtimeDirectory: context.runtimeDirectory, stateDirectory: context.stateDirectory,
            secretsDirectory: context.secretsDirectory, worker: worker)
    }

    /// The mounted directory of the socket.
    package var agent: String { "\(root)/agent" }
    /// The socket.
    package var socket: String { "\(agent)/agent.sock" }
    /// The directory tasks start in; emptied after each attempt; see `clear`.
    package var workspace: String { "\(store)/work" }
    /// The supervisor's end of the proxy, beside the agent's socket.
    package var proxySocket: String { "\(agent)/\(EgressPlace.socketName)" }

    /// Where the supervisor keeps how far the running attempt's log is.
    package var logState: String { "\(root)/log" }

    /// The longest path the kernel takes for a Unix socket (`sun_path`, unix(7)), without its final NUL.
    package static let longestSocketPath = 107

    /// Makes the directories. Blocks for a few system calls on tmpfs.
    ///
    /// - Throws: `host`, naming the path and the cause.
    package func create(owner: UInt32?) throws(WorkerError) {
        guard socket.utf8.count <= Self.longestSocketPath else {
            throw WorkerError(
                .host,
                "the socket path \(socket) has \(socket.utf8.count) bytes, the kernel takes "
                    + "\(Self.longestSocketPath): choose a shorter state.runtimeDir")
        }
        do {
            let manager = FileManager.default
            try manager.createDirectory(
                atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // The agent's user must reach the socket; the 0700 directory above keeps everyone else on the host out.
            try manager.createDirectory(
                atPath: agent, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
            if let secretsDirectory {
                let own = secretsDirectory as NSString
                try PrivateDirectory.make(
                    secrets, below: (own.deletingLastPathComponent as NSString).deletingLastPathComponent)
            } else {
                try manager.createDirectory(
                    atPath: secrets, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            }
            try manager.createDirectory(
                atPath: store, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for path in [workspace, exchange, outputs, temporary] {
                try manager.createDirectory(
                    atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            }
            try give([secrets, workspace, exchange, outputs], to: owner)
        } catch {
            throw WorkerError(.host, "can't make \(root): \(error.localizedDescription)")
        }
    }

    /// Writes an attempt's secrets, each mode 0400 and owned by `owner`.
    package func write(_ secrets: [String: [UInt8]], owner: UInt32?) throws(WorkerError) {
        for (name, content) in secrets {
            let path = "\(self.secrets)/\(name)"
            // What an attempt that was killed left behind is not this one's.
            unlink(path)
            guard SmallFile.create(path, content, mode: 0o400) == 0 else {
                throw WorkerError(.host, "can't write the secret \(name) into the worker's directory")
            }
            guard let owner, owner != getuid(), chown(path, owner, Self.sameGroup) != 0 else { continue }
            throw WorkerError(
                .configurationRefused,
                "the secret \(name) can't be given to the user \(owner), because the supervisor is not root: set "
                    + "workers.docker.user to \(getuid()):\(getgid()), which is its own, or run the supervisor as root")
        }
    }

    /// Removes the secrets of the attempt that ended.
    package func removeSecrets() {
        let manager = FileManager.default
        for name in (try? manager.contentsOfDirectory(atPath: secrets)) ?? [] {
            try? manager.removeItem(atPath: "\(secrets)/\(name)")
        }
    }

    /// The secrets of the attempt that runs, as they were written for it. Blocks for a few system calls.
    package func readSecrets() -> [String: [UInt8]] {
        var values: [String: [UInt8]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: secrets)) ?? [] {
            values[name] = FileManager.default.contents(atPath: "\(secrets)/\(name)").map { [UInt8]($0) }
        }
        return values
    }

    /// Removes a directory with all that is in it, on a thread for such work: a build may have left a lot.
    package static func removeTree(at path: String) async throws {
        try await FileThread.shared.run { () throws(any Error) in try StubbornTree.remove(path) }
    }

    /// Removes everything, and the cgroup of a local worker first, on threads for such work.
    package func removeAside() async {
        await FileThread.leftovers(of: root).run { LocalCgroup.removeNoted(in: root) }
        await FileThread.shared.run { remove() }
    }

    /// Removes the directories; blocks.
    func remove() {
        if let secretsDirectory {
            try? StubbornTree.remove(secrets)
            Self.pruneSecrets(secretsDirectory)
        }
        try? StubbornTree.remove(root)
        try? StubbornTree.remove(store)
    }

    /// Removes a pool's directory of secrets, that of the installation and that of the user, unless something is in them.
    package static func pruneSecrets(_ directory: String) { PrivateDirectory.prune(directory, levels: 3) }

    /// Tells chown(2) to leave the group as it is.
    static let sameGroup = gid_t.max

    /// Makes a container's user the owner. Where this process may not, for example because it is not root, everyone may
    /// use the directories instead; those above them let nobody else in.
    func give(_ paths: [String], to owner: UInt32?) throws {
        guard let owner, owner != getuid() else { return }
        for path in paths where chown(path, owner, Self.sameGroup) != 0 {
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
        }
    }
}
