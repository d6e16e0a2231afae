// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import FoundationEssentials

extension ContainerInspection: Decodable {
    private struct Wire: Decodable {
        let Id: String
        let Name: String
        let Created: String?
        let State: ContainerInspectionState
        let Image: String?
        let RestartCount: Int?
        let Config: ConfigWire
        let HostConfig: HostWire?
        let Mounts: [MountWire]?
        let NetworkSettings: NetworkWire?
        let GraphDriver: DriverWire?
        let SizeRw: Int64?
    }

    struct DriverWire: Decodable {
        // Null for some drivers.
        let Data: [String: String]?
    }

    struct ContainerInspectionState: Decodable {
        let Status: String?
        let Running: Bool?
        let OOMKilled: Bool?
        let Pid: Int32?
        let ExitCode: Int32?
        let Error: String?
        let StartedAt: String?
        let FinishedAt: String?
        let Health: Health?
        struct Health: Decodable { let Status: String? }
    }

    struct ConfigWire: Decodable {
        let Image: String?
        let Labels: [String: String]?
        let Env: [String]?
        let User: String?
        let Entrypoint: StringOrList?
        let Cmd: StringOrList?
        let WorkingDir: String?
    }

    struct HostWire: Decodable {
        let Memory: Int64?
        let MemorySwap: Int64?
        let NanoCpus: Int64?
        let PidsLimit: Int64?
        let OomScoreAdj: Int?
        let NetworkMode: String?
        let ReadonlyRootfs: Bool?
        let Privileged: Bool?
        let AutoRemove: Bool?
        let CapDrop: [String]?
        let SecurityOpt: [String]?
        let Ulimits: [Limit]?
        let RestartPolicy: Policy?
        let LogConfig: Log?
        struct Limit: Decodable {
            let Name: String
            let Soft: Int64
            let Hard: Int64
        }
        struct Policy: Decodable { let Name: String? }
        struct Log: Decodable { let `Type`: String? }
    }

    struct MountWire: Decodable {
        let `Type`: String?
        let Name: String?
        let Source: String?
        let Destination: String?
        let RW: Bool?
    }

    struct NetworkWire: Decodable {
        let Networks: [String: Attachment]?
        let Ports: [String: [Port]?]?
        struct Attachment: Decodable {
            let IPAddress: String?
            let Gateway: String?
        }
        struct Port: Decodable {
            let HostIp: String?
            let HostPort: String?
        }
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        id = wire.Id
        name = String(wire.Name.drop { $0 == "/" })
        createdAt = wire.Created.flatMap(EngineTime.date)
        state = ContainerState(wire.State, restartCount: wire.RestartCount ?? 0)
        imageID = wire.Image ?? ""
        image = wire.Config.Image ?? ""
        labels = wire.Config.Labels ?? [:]
        env = Dictionary(
            (wire.Config.Env ?? []).map { entry in
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }, uniquingKeysWith: { _, last in last })
        user = wire.Config.User ?? ""
        entrypoint = wire.Config.Entrypoint?.values ?? []
        cmd = wire.Config.Cmd?.values ?? []
        workingDir = wire.Config.WorkingDir ?? ""
        hostConfig = HostFacts(wire.HostConfig)
        mounts = (wire.Mounts ?? []).map {
            MountFact(
                type: $0.Type ?? "", name: $0.Name, source: $0.Source ?? "", target: $0.Destination ?? "",
                writable: $0.RW ?? true)
        }
        upperDirectory = wire.GraphDriver?.Data?["UpperDir"]
        writableBytes = wire.SizeRw
        networks = (wire.NetworkSettings?.Networks ?? [:]).mapValues {
            NetworkFact(address: $0.IPAddress ?? "", gateway: $0.Gateway ?? "")
        }
        ports = PublishedPort.all(wire.NetworkSettings?.Ports ?? [:])
    }
}

extension PublishedPort {
    /// Reads `{"80/tcp": [{"HostIp", "HostPort"}]}`; what is not bound, or not yet, is left out.
    static func all(_ wire: [String: [ContainerInspection.NetworkWire.Port]?]) -> [PublishedPort] {
        wire.sorted { $0.key < $1.key }.flatMap { key, bindings in
            let parts = key.split(separator: "/")
            return (bindings ?? []).compactMap { binding -> PublishedPort? in
                guard let inside = parts.first.flatMap({ Int($0) }),
                    let outside = binding.HostPort.flatMap({ Int($0) }),
                    outside > 0
                else { return nil }
                return PublishedPort(
                    host: binding.HostIp ?? "", hostPort: outside, containerPort: inside,
                    transport: parts.count > 1 ? String(parts[1]) : "tcp")
            }
        }
    }
}

/// A list of words that some versions write as one string.
struct StringOrList: Decodable {
    let values: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let list = try? container.decode([String].self) {
            values = list
        } else {
            let word = try container.decode(String.self)
            values = word.isEmpty ? [] : [word]
        }
    }
}

extension ContainerState {
    init(_ wire: ContainerInspection.ContainerInspectionState, restartCount: Int) {
        self.init(
            status: ContainerStatus(engineWord: wire.Status ?? ""), running: wire.Running ?? false,
            oomKilled: wire.OOMKilled ?? false, pid: wire.Pid ?? 0, exitCode: wire.ExitCode ?? 0,
            error: wire.Error ?? "", startedAt: wire.StartedAt.flatMap(EngineTime.date),
            finishedAt: wire.FinishedAt.flatMap(EngineTime.date), restartCount: restartCount,
            health: ContainerHealth(rawValue: wire.Health?.Status ?? "") ?? .none)
    }
}

extension ContainerInspection.HostFacts {
    init(_ wire: ContainerInspection.HostWire?) {
        memory = wire?.Memory ?? 0
        memorySwap = wire?.MemorySwap ?? 0
        nanoCPUs = wire?.NanoCpus ?? 0
        pidsLimit = wire?.PidsLimit ?? 0
        oomScoreAdj = wire?.OomScoreAdj ?? 0
        networkMode = wire?.NetworkMode ?? ""
        readonlyRootfs = wire?.ReadonlyRootfs ?? false
        privileged = wire?.Privileged ?? false
        autoRemove = wire?.AutoRemove ?? false
        capDrop = wire?.CapDrop ?? []
        securityOpt = wire?.SecurityOpt ?? []
        ulimits = Dictionary(
            (wire?.Ulimits ?? []).map { limit in
                // Podman writes RLIMIT_NOFILE for nofile.
                let name = limit.Name.hasPrefix("RLIMIT_") ? limit.Name.dropFirst(7).lowercased() : limit.Name
                return (name, min(limit.Soft, limit.Hard)...max(limit.Soft, limit.Hard))
            }, uniquingKeysWith: { _, last in last })
        restartPolicy = wire?.RestartPolicy?.Name ?? ""
        logDriver = wire?.LogConfig?.Type ?? ""
    }
}
