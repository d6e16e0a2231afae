import TaskModel

/// What settings of the network must not be together.
extension CrossCheck {
    static let network: [CrossCheck] = [
        hostNetwork, fixedPorts, portsWithoutNetwork, namesWithoutNetwork, egressNetwork,
    ]

    private static let hostNetwork = CrossCheck(
        paths: ["workers.docker.network", "workers.docker.allowHostNetwork"]
    ) { settings in
        guard settings.workers.docker.network == "host", !settings.workers.docker.allowHostNetwork else { return [] }
        return [
            Finding(
                path: "workers.docker.network",
                message: "must not be host: tasks would reach whatever listens on this host's loopback",
                hint: "use bridge, or set workers.docker.allowHostNetwork to true")
        ]
    }

    /// Only one container can have a port of the host.
    private static let fixedPorts = CrossCheck(
        paths: [
            "workers.docker.ports", "workers.count", "workers.spares", "workers.recycle", "workers.autoscale.min",
            "workers.autoscale.max",
        ]
    ) { settings in
        let workers = settings.workers
        let (slots, spares) = (workers.autoscale.isOn ? workers.autoscale.max : workers.count, workers.sparesInForce)
        guard slots + spares > 1 else { return [] }
        let setting = workers.autoscale.isOn ? "workers.autoscale.max" : "workers.count"
        let fixes = (slots > 1 ? ["\(setting) to 1"] : []) + (spares > 0 ? ["workers.spares to 0"] : [])
        return settings.workers.docker.ports.enumerated().filter { $1.hostPort != nil }.map { index, port in
            Finding(
                path: "workers.docker.ports", inside: [.index(index)],
                message: "\(slots + spares) workers\(spares > 0 ? ", spares included," : "") can't share \(port.place)",
                hint: "write \"\(port.host)::\(port.containerPort)\" for a free port each, or set "
                    + fixes.joined(separator: " and "))
        }
    }

    private static let portsWithoutNetwork = CrossCheck(
        paths: ["workers.docker.ports", "workers.docker.network", "workers.egress"]
    ) { settings in
        let network = settings.workers.networkInForce
        guard !settings.workers.docker.ports.isEmpty, ["host", "none"].contains(network) else { return [] }
        return [
            Finding(
                path: "workers.docker.ports",
                message: settings.workers.egress.isRestricted
                    ? "can't be published while workers.egress is limited: such containers have no network"
                    : "have no effect in the network \(network)",
                hint: network == "host"
                    ? "what listens in such a container listens on this host already; remove ports" : "use bridge")
        ]
    }

    private static let namesWithoutNetwork = CrossCheck(
        paths: [
            "workers.docker.dns", "workers.docker.dnsSearch", "workers.docker.extraHosts", "workers.docker.network",
            "workers.egress",
        ]
    ) { settings in
        let docker = settings.workers.docker
        guard settings.workers.networkInForce == "none" else { return [] }
        var findings: [Finding] = []
        for (path, isEmpty) in [
            ("workers.docker.dns", docker.dns.isEmpty), ("workers.docker.dnsSearch", docker.dnsSearch.isEmpty),
        ] where !isEmpty {
            findings.append(
                Finding(path: path, message: "has no effect in the network none", hint: "remove it, or use bridge"))
        }
        for (index, host) in docker.extraHosts.enumerated() where host.hasSuffix(":host-gateway") {
            findings.append(
                Finding(
                    path: "workers.docker.extraHosts", inside: [.index(index)],
                    message: "there is no gateway in the network none", hint: "remove it, or use bridge"))
        }
        return findings
    }

    /// A pool with limited egress has no network, so that nothing can be reached but through the proxy.
    private static let egressNetwork = CrossCheck(paths: ["workers.egress", "workers.docker.network"]) { settings in
        let network = settings.workers.docker.network
        guard settings.workers.egress.isRestricted, !["bridge", "none"].contains(network) else { return [] }
        return [
            Finding(
                path: "workers.egress", message: "can't be limited in the network \(network), which has other ways out",
                hint: "remove workers.docker.network: with limited egress containers have no network but the proxy")
        ]
    }
}

extension WorkersSettings {
    /// The network containers really get.
    fileprivate var networkInForce: String { egress.isRestricted ? "none" : docker.network }
}
