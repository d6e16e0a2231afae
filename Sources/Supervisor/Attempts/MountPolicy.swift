internal import Glibc
package import Settings
package import TaskModel
package import WorkerPool

/// Which directories of the host may be mounted, decided on what paths really are: symbolic links are resolved first, so
/// that a link in an allowed directory leads nowhere else.
package struct MountPolicy: Sendable {
    private let rules: MountRules

    /// The policy of a configuration, for an engine with this socket and this directory of its data. Blocks for a look at
    /// each allowed directory.
    package init(settings: Settings, engineSocket: String?, engineData: String? = nil) {
        var resolved = settings
        resolved.workers.docker.allowedMounts = settings.workers.docker.allowedMounts.map(Self.resolve)
        rules = MountRules(
            settings: resolved, engineSocket: engineSocket.map(Self.resolve), engineData: engineData.map(Self.resolve))
    }

    /// Checks a mount of the pool's own configuration.
    ///
    /// - Throws: `configuration_refused`, with the path, the cause and the fix.
    package func check(poolMount mount: MountSpec) throws(WorkerError) {
        let source = try existing(mount)
        if let mistake = rules.mistake(inSource: source) ?? MountRules.mistake(inTarget: mount.target) {
            throw refused(mount, mistake)
        }
    }

    /// Checks a mount that a task asks for, which must also lie in an allowed directory, and returns it by the path it
    /// really has. Blocks for as long as the file system does.
    ///
    /// - Throws: `configuration_refused`, with the path, the cause and the fix.
    @discardableResult
    package func check(taskMount mount: MountSpec) throws(WorkerError) -> MountSpec {
        let real = MountSpec(source: try existing(mount), target: mount.target, readOnly: mount.readOnly)
        if let mistake = rules.mistake(inTaskMount: real) { throw refused(mount, mistake) }
        return real
    }

    private func existing(_ mount: MountSpec) throws(WorkerError) -> String {
        let source = Self.resolve(mount.source)
        // Checked here because Podman would make a missing source, as root.
        guard mount.source.hasPrefix("/"), access(mount.source, F_OK) == 0 else {
            throw WorkerError(
                .configurationRefused, "the mount source \(mount.source) is not an existing absolute path; create it")
        }
        return source
    }

    private func refused(_ mount: MountSpec, _ mistake: ValueMistake) -> WorkerError {
        let hint = mistake.hint.map { " (\($0))" } ?? ""
        var words = mistake.message ?? "is refused"
        // Named again only where a link led elsewhere.
        if words.hasPrefix("\(mount.source) ") { words.removeFirst(mount.source.count + 1) }
        return WorkerError(.configurationRefused, "the mount \(mount.source) \(words)\(hint)")
    }

    /// What the kernel makes of a path, which no text can tell: behind a link `..` leads up from the link's target.
    /// A path that is not there stays text.
    static func resolve(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return LexicalPath.normalised(path) }
        defer { free(real) }
        return String(cString: real)
    }
}
