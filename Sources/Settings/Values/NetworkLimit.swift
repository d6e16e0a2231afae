package import TaskModel

/// What keeps containers from reaching what this host reaches.
extension WorkersSettings {
    /// The setting that does, with its value, to be told; `nil` when nothing does. A network by name counts: it may be an
    /// internal one, and whoever chose it meant it.
    package var networkLimit: String? {
        if egress.isRestricted { return "workers.egress" }
        return ["bridge", "host"].contains(docker.network) ? nil : "workers.docker.network \(docker.network)"
    }

    /// Whether local processes take over where there is no engine.
    package var fallbackInForce: Bool { fallback && (fallbackIgnoresNetwork || networkLimit == nil) }

    /// The most that a task's own `egress` may ask for. Where the network leads nowhere, or nobody here knows where to,
    /// the supervisor's proxy must not become a way around it.
    package var egressCeiling: EgressPolicy {
        if egress.isRestricted { return egress }
        return networkLimit == nil ? .allowAll : .only([])
    }
}

extension WorkersSettings {
    /// What is wrong with a task's own `egress`; `nil` when it is within what the pool permits.
    package func mistake(in egress: EgressPolicy) -> String? {
        EgressCeiling(policy: egressCeiling, setting: networkLimit).mistake(in: egress)
    }
}

/// The most that a task's own `egress` may ask for.
package struct EgressCeiling: Sendable {
    private let policy: EgressPolicy
    private let setting: String?

    /// A ceiling, and the setting that makes it one; `nil` where everything may be asked for.
    package init(policy: EgressPolicy, setting: String?) {
        self.policy = policy
        self.setting = setting
    }

    /// What is wrong with a task's own `egress`, naming both sides; `nil` when it is within.
    package func mistake(in egress: EgressPolicy) -> String? {
        let wider = policy.missing(for: egress)
        guard !wider.isEmpty else { return nil }
        let place = wider.joined(separator: " ")
        return switch (policy, setting) {
        case (.allowAll, _): "egress \(place) is an address of this host itself, which containers don't reach"
        case (_, EgressPolicy.poolName?), (_, nil):
            "egress \(place) is not within the pool's \(EgressPolicy.poolName), which is \(policy.summary)"
        case (_, let setting?): "egress \(place) is more than the pool's \(setting) lets containers reach"
        }
    }
}
