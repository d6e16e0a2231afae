// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// `ContainerConfiguration` as `POST /containers/create` wants it. Absent values are left out, not sent as null.
struct CreateContainerBody: Encodable, Equatable {
    let Image: String
    let Entrypoint: [String]?
    let Cmd: [String]?
    let Env: [String]
    let Labels: [String: String]
    let User: String?
    let WorkingDir: String?
    let Hostname: String?
    let StopSignal: String?
    let StopTimeout: Int64?
    let Healthcheck: HealthcheckBody?
    let ExposedPorts: [String: Empty]?
    let HostConfig: HostConfigBody

    struct Empty: Encodable, Equatable {}

    struct HealthcheckBody: Encodable, Equatable {
        var Test: [String]
        var Interval: Int64?
        var Timeout: Int64?
        var StartPeriod: Int64?
        var Retries: Int?
    }

    struct HostConfigBody: Encodable, Equatable {
        let NetworkMode: String
        let Memory: Int64?
        let MemorySwap: Int64?
        let NanoCpus: Int64?
        let PidsLimit: Int64?
        let OomScoreAdj: Int?
        let CapDrop: [String]?
        let CapAdd: [String]?
        let SecurityOpt: [String]?
        let IpcMode: String?
        let UsernsMode: String?
        let ReadonlyRootfs: Bool
        let Ulimits: [UlimitBody]?
        let Mounts: [MountBody]?
        let RestartPolicy: RestartBody
        let AutoRemove: Bool
        let LogConfig: LogBody?
        let ShmSize: Int64?
        let PortBindings: [String: [PortBody]]?
        let Dns: [String]?
        let DnsSearch: [String]?
        let ExtraHosts: [String]?
        let GroupAdd: [String]?
        let StorageOpt: [String: String]?
    }

    struct UlimitBody: Encodable, Equatable {
        let Name: String
        let Soft: Int64
        let Hard: Int64
    }

    struct MountBody: Encodable, Equatable {
        let `Type`: String
        var Source: String?
        let Target: String
        var ReadOnly: Bool?
        var TmpfsOptions: TmpfsBody?
        var VolumeOptions: VolumeBody?
    }

    struct TmpfsBody: Encodable, Equatable {
        let SizeBytes: Int64?
        let Mode: UInt32
    }

    struct VolumeBody: Encodable, Equatable {
        let Labels: [String: String]
    }

    struct RestartBody: Encodable, Equatable {
        let Name: String
        var MaximumRetryCount: Int?
    }

    struct LogBody: Encodable, Equatable {
        let `Type`: String
        let Config: [String: String]
    }

    struct PortBody: Encodable, Equatable {
        let HostIp: String
        let HostPort: String
    }
}
