import TaskModel

/// A check that concerns more than one setting.
struct CrossCheck: Sendable {
    /// What a check found.
    struct Finding {
        /// The setting it is about.
        var path: String
        /// Where in the value.
        var inside: [YAMLStep] = []
        var message: String
        var hint: String?
        var isWarning = false
    }

    /// The settings that are looked at; with a mistake in one of them the check is left out.
    var paths: [String]
    /// A setting that somebody has to have chosen; the check is left out where it is only the default.
    var chosen: String?
    /// Everything that does not fit.
    var findings: @Sendable (Settings) -> [Finding]

    /// All of them.
    static let all: [CrossCheck] =
        [
            heartbeat, weights, shortLease, noTimeout, autoscale, root,
            order(of: "queue.retry", \.queue.retry.backoff, \.queue.retry.maxBackoff),
            order(
                of: "workers.docker.restart", \.workers.docker.restart.backoff.inSeconds,
                \.workers.docker.restart.maxBackoff.inSeconds),
            mounts, allowedMounts, outputDirectories, secretVariables, registrySecrets,
        ] + peers + network + routing

    /// Two renewals have to fit into a lease, so that one may fail.
    private static let heartbeat = CrossCheck(paths: ["queue.heartbeat", "queue.lease"]) { settings in
        guard settings.queue.heartbeat * 2 >= settings.queue.lease else { return [] }
        let lease = DurationText.format(settings.queue.lease)
        return [
            Finding(
                path: "queue.heartbeat",
                message: "must be less than half of queue.lease, which is \(lease)",
                hint: "a third is a good choice: \(DurationText.format(settings.queue.lease / 3))")
        ]
    }

    private static let weights = CrossCheck(paths: ["queue.weights", "queue.queues", "queue.declared"]) { settings in
        let (queues, declared) = (settings.queue.queues, settings.queue.declared)
        guard !queues.isEmpty else { return [] }
        // Another check tells of queues that there are not.
        let others = settings.queue.weights.keys.sorted().filter {
            !queues.contains($0) && (declared.isEmpty || declared.contains($0))
        }
        return others.map { name in
            Finding(
                path: "queue.weights", inside: [.key(name)], message: "is not one of queue.queues",
                hint: NearestName.hint(for: name, among: queues), isWarning: true)
        }
    }

    /// Both say how long a task may run that says nothing itself.
    private static let shortLease = CrossCheck(
        paths: ["queue.defaultTimeout", "queue.maxLease"], chosen: "queue.maxLease"
    ) { settings in
        guard let most = settings.queue.maxLease, let usual = settings.queue.defaultTimeout, most < usual else {
            return []
        }
        return [
            Finding(
                path: "queue.maxLease",
                message: "is \(DurationText.format(most)), but tasks without a time-out of their own have "
                    + "queue.defaultTimeout, \(DurationText.format(usual)), which counts",
                hint: "lower queue.defaultTimeout, too", isWarning: true)
        ]
    }

    private static let noTimeout = CrossCheck(paths: ["queue.defaultTimeout", "queue.maxLease"]) { settings in
        guard let most = settings.queue.maxLease, settings.queue.defaultTimeout == nil else { return [] }
        let limit = DurationText.format(most)
        return [
            Finding(
                path: "queue.defaultTimeout",
                message: "is none, but queue.maxLease stops tasks without a time-out of their own after \(limit)",
                hint: "set queue.maxLease to none, too, or say here how long they may run", isWarning: true)
        ]
    }

    private static let autoscale = CrossCheck(paths: ["workers.autoscale.min", "workers.autoscale.max"]) { settings in
        let rules = settings.workers.autoscale
        guard rules.min > rules.max else { return [] }
        return [
            Finding(
                path: "workers.autoscale.min",
                message: "must not be more than workers.autoscale.max, which is \(rules.max)",
                hint: rules.max == 0 ? "set workers.autoscale.max, or the pool does not grow" : nil)
        ]
    }

    private static let root = CrossCheck(paths: ["workers.docker.user", "workers.docker.allowRoot"]) { settings in
        guard settings.workers.docker.user.isRoot, !settings.workers.docker.allowRoot else { return [] }
        return [
            Finding(
                path: "workers.docker.user", message: "must not be root",
                hint: "write 1000:1000, or set workers.docker.allowRoot to true")
        ]
    }

    private static func order(
        of section: String, _ first: @escaping @Sendable (Settings) -> Double,
        _ longest: @escaping @Sendable (Settings) -> Double
    ) -> CrossCheck {
        let (backoff, most) = ("\(section).backoff", "\(section).maxBackoff")
        return CrossCheck(paths: [most, backoff]) { settings in
            guard first(settings) > longest(settings) else { return [] }
            let limit = DurationText.format(.milliseconds(Int64(longest(settings) * 1000)))
            return [Finding(path: backoff, message: "must not be more than \(most), which is \(limit)")]
        }
    }

    private static let mounts = CrossCheck(
        paths: [
            "workers.docker.mounts", "workers.docker.socket", "workers.docker.allowEngineSocket", "state.dir",
            "state.runtimeDir",
        ]
    ) { settings in
        let rules = MountRules(settings: settings)
        return settings.workers.docker.mounts.enumerated().compactMap { index, mount in
            rules.mistake(inSource: mount.source).map {
                Finding(
                    path: "workers.docker.mounts", inside: [.index(index), .key("source")], message: $0.message ?? "",
                    hint: $0.hint)
            }
        }
    }

    private static let allowedMounts = CrossCheck(
        paths: [
            "workers.docker.allowedMounts", "workers.docker.socket", "workers.docker.allowEngineSocket", "state.dir",
            "state.runtimeDir",
        ]
    ) { settings in
        let rules = MountRules(settings: settings)
        return settings.workers.docker.allowedMounts.enumerated().compactMap { index, path in
            rules.mistake(inSource: path).map {
                Finding(
                    path: "workers.docker.allowedMounts", inside: [.index(index)], message: $0.message ?? "",
                    hint: $0.hint)
            }
        }
    }

    private static let outputDirectories = CrossCheck(
        paths: ["outputs.allowedDirectories", "workers.docker.socket", "state.dir", "state.runtimeDir"]
    ) { settings in
        let rules = MountRules(settings: settings)
        return settings.outputs.allowedDirectories.enumerated().compactMap { index, path in
            rules.mistake(inSource: path).map {
                Finding(
                    path: "outputs.allowedDirectories", inside: [.index(index)],
                    message: ($0.message ?? "").replacing("mounted", with: "written to"), hint: $0.hint)
            }
        }
    }

    private static let registrySecrets = CrossCheck(paths: ["workers.docker.registryAuth", "secrets"]) { settings in
        settings.workers.docker.registryAuth.sorted { $0.key < $1.key }.compactMap { host, login in
            guard settings.secrets[login.passwordSecret] == nil else { return nil }
            return Finding(
                path: "workers.docker.registryAuth", inside: [.key(host), .key("passwordSecret")],
                message: "there is no secret named \(login.passwordSecret)",
                hint: NearestName.hint(for: login.passwordSecret, among: settings.secrets.keys.sorted())
                    ?? "say in secrets where it comes from")
        }
    }

    private static let secretVariables = CrossCheck(paths: ["workers.docker.environment"]) { settings in
        settings.workers.docker.environment.keys.sorted().filter(SecretName.looksSecret).map { name in
            Finding(
                path: "workers.docker.environment", inside: [.key(name)],
                message: "looks like a secret, and everybody who may look at a container sees it",
                hint: "name where it comes from in secrets, and it becomes a file in /run/secrets", isWarning: true)
        }
    }
}

/// Names that give away that the value is a secret.
enum SecretName {
    /// Whether the value of a variable of this name should not be shown.
    static func looksSecret(_ name: String) -> Bool {
        let words = name.uppercased().split(separator: "_")
        let secret = ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIALS", "APIKEY"]
        return words.contains { word in secret.contains { word.hasSuffix($0) } }
            || words.last == "KEY" || words.last == "PAT"
    }
}
