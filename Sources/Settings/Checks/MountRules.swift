package import TaskModel

/// Which directories of this host a container may see (FR-062). Decides on normalised text; whoever mounts has to
/// ask again with symbolic links resolved.
package struct MountRules: Sendable {
    /// A place nobody may mount, and why.
    private struct Forbidden {
        var path: String
        var reason: String
        /// Whether what lies in it is forbidden too.
        var inside: Bool
        /// Whether a directory that holds it is forbidden too.
        var around: Bool
    }

    private let forbidden: [Forbidden]
    private let allowedSockets: Set<String>
    private let allowedForTasks: [String]

    /// The rules that no configuration changes: the kernel's directories and the engines' data.
    package static let fixed = MountRules(
        sockets: [], private: [], data: [], allowedForTasks: [], allowsSockets: true)

    /// The rules of one configuration.
    ///
    /// - Parameters:
    ///   - settings: the configuration.
    ///   - engineSocket: the engine's socket in use, if it is known.
    ///   - engineData: where that engine keeps images and containers, if it is known.
    package init(settings: Settings, engineSocket: String? = nil, engineData: String? = nil) {
        self.init(
            sockets: [settings.workers.docker.socket, engineSocket].compactMap { $0 },
            private: [settings.state.dir, settings.state.runtimeDir, settings.checkpoints.directory]
                .filter { !$0.isEmpty },
            data: [engineData].compactMap { $0 }.filter { $0.hasPrefix("/") && $0 != "/" },
            allowedForTasks: settings.workers.docker.allowedMounts,
            allowsSockets: settings.workers.docker.allowEngineSocket)
    }

    private init(
        sockets: [String], private directories: [String], data: [String], allowedForTasks: [String],
        allowsSockets: Bool
    ) {
        self.allowedForTasks = allowedForTasks.map(LexicalPath.normalised)
        let knownSockets = ["/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"]
        allowedSockets = allowsSockets ? Set((knownSockets + sockets).map(Self.withoutRunLink)) : []
        forbidden =
            [
                Forbidden(path: "/", reason: "is the whole host", inside: false, around: false),
                Forbidden(path: "/proc", reason: "belongs to the kernel", inside: true, around: false),
                Forbidden(path: "/sys", reason: "belongs to the kernel", inside: true, around: false),
                Forbidden(path: "/dev", reason: "belongs to the kernel", inside: true, around: false),
            ]
            + (["/var/lib/docker", "/var/lib/containerd", "/var/lib/containers"] + data).map {
                Forbidden(
                    path: Self.withoutRunLink($0), reason: "holds the engine's data", inside: true, around: true)
            }
            + (knownSockets + sockets).map {
                let path = Self.withoutRunLink($0)
                return Forbidden(path: path, reason: "gives control of the engine", inside: true, around: true)
            }
            + directories.map {
                let path = Self.withoutRunLink($0)
                return Forbidden(path: path, reason: "holds acode's own state", inside: true, around: true)
            }
    }

    /// What is wrong with a directory of this host as the source of a mount, `nil` if nothing is.
    package func mistake(inSource source: String) -> ValueMistake? {
        let path = Self.withoutRunLink(source)
        // The very socket and nothing around it.
        if allowedSockets.contains(path) { return nil }
        for entry in forbidden {
            if path == entry.path { return ValueMistake("must not be mounted: \(entry.path) \(entry.reason)") }
            if entry.inside, LexicalPath.isWithin(path, entry.path) {
                return ValueMistake("must not be mounted: it lies in \(entry.path), which \(entry.reason)")
            }
            if entry.around, LexicalPath.isWithin(entry.path, path) {
                return ValueMistake("must not be mounted: it contains \(entry.path), which \(entry.reason)")
            }
        }
        return nil
    }

    /// What is wrong with a path in a container as the target of a mount, `nil` if nothing is.
    package static func mistake(inTarget target: String) -> ValueMistake? {
        let path = LexicalPath.normalised(target)
        if path == "/" { return ValueMistake("must not be the container's root") }
        for taken in ["/proc", "/sys", "/dev", "/run/acode", "/run/secrets"]
        where LexicalPath.isWithin(path, taken) || LexicalPath.isWithin(taken, path) {
            return ValueMistake("must not cover \(taken), which the container needs")
        }
        return nil
    }

    /// What is wrong with a mount that a task asks for, `nil` if nothing is: also outside the allowed directories it
    /// is refused.
    package func mistake(inTaskMount mount: MountSpec) -> ValueMistake? {
        if let mistake = mistake(inSource: mount.source) ?? Self.mistake(inTarget: mount.target) { return mistake }
        let path = LexicalPath.normalised(mount.source)
        guard allowedForTasks.contains(where: { LexicalPath.isWithin(path, $0) }) else {
            return ValueMistake(
                "\(path) is not in a directory that tasks may mount",
                hint: "add it to workers.docker.allowedMounts")
        }
        return nil
    }

    /// `/var/run` is `/run` under another name on every current distribution.
    private static func withoutRunLink(_ path: String) -> String {
        let path = LexicalPath.normalised(path)
        return LexicalPath.isWithin(path, "/var/run") ? String(path.dropFirst(4)) : path
    }
}
