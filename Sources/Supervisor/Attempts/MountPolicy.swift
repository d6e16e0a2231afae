internal import Foundation
internal import TaskModel
internal import WorkerPool

/// Which directories of the host a task may mount by itself.
enum MountPolicy {
    /// Checks a mount that a task asks for. Symbolic links in both paths are resolved first, so that a link in an
    /// allowed directory leads nowhere else.
    ///
    /// - Throws: `configuration_refused`, with the path and the fix.
    static func check(_ mount: MountSpec, allowed: [String]) throws(WorkerError) {
        let source = URL(fileURLWithPath: mount.source).resolvingSymlinksInPath().path
        guard mount.source.hasPrefix("/"), FileManager.default.fileExists(atPath: source) else {
            throw WorkerError(
                .configurationRefused, "the mount source \(mount.source) is not an existing absolute path")
        }
        let isAllowed = allowed.contains { directory in
            let root = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
            return source == root || source.hasPrefix(root.hasSuffix("/") ? root : root + "/")
        }
        guard isAllowed else {
            throw WorkerError(
                .configurationRefused,
                "the mount source \(mount.source) is outside workers.docker.allowedMounts "
                    + "(\(allowed.isEmpty ? "which is empty" : allowed.joined(separator: ", ")))")
        }
    }
}
