// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

/// What the engine says about itself and its host.
package struct EngineInfo: Sendable, Equatable, Decodable {
    /// `1` or `2`.
    package let cgroupVersion: String
    /// `cgroupfs`, `systemd`, `none`.
    package let cgroupDriver: String
    /// Processors.
    package let ncpu: Int
    /// Bytes of memory of the host.
    package let memTotal: Int64
    /// Such as `name=seccomp,profile=default`.
    package let securityOptions: [String]
    /// Whether the engine runs without root.
    package let rootless: Bool
    /// Whether containers survive a restart of the engine. Podman's always do.
    package let liveRestoreEnabled: Bool
    /// The engine's own warnings.
    package let warnings: [String]
    /// Storage driver.
    package let storageDriver: String
    /// Where the engine keeps images and containers; empty when it does not say.
    package let dataDirectory: String
    /// Whether limits of memory work.
    package let memoryLimit: Bool
    /// Whether limits of swap work.
    package let swapLimit: Bool
    /// Whether limits of processes work.
    package let pidsLimit: Bool
    /// Whether limits of CPU time work.
    package let cpuCfsQuota: Bool

    /// Whether the users of containers are others on this host (Docker's `userns-remap`).
    package var remapsUsers: Bool { securityOptions.contains { $0 == "name=userns" || $0.hasPrefix("name=userns,") } }

    /// Whether limits are silently without effect: rootless Podman on cgroup v1 accepts and drops them.
    package var dropsLimitsSilently: Bool { rootless && cgroupVersion == "1" }

    private struct Wire: Decodable {
        let CgroupVersion: String?
        let CgroupDriver: String?
        let NCPU: Int?
        let MemTotal: Int64?
        let SecurityOptions: [String]?
        let Rootless: Bool?
        let LiveRestoreEnabled: Bool?
        let Warnings: [String]?
        let Driver: String?
        let DockerRootDir: String?
        let MemoryLimit: Bool?
        let SwapLimit: Bool?
        let PidsLimit: Bool?
        let CpuCfsQuota: Bool?
        let BuildahVersion: String?
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        cgroupVersion = wire.CgroupVersion ?? "1"
        cgroupDriver = wire.CgroupDriver ?? ""
        ncpu = wire.NCPU ?? 0
        memTotal = wire.MemTotal ?? 0
        securityOptions = wire.SecurityOptions ?? []
        rootless = wire.Rootless ?? (wire.SecurityOptions ?? []).contains { $0.contains("rootless") }
        // Only Podman names Buildah; its containers belong to their own monitor process, not to the service.
        liveRestoreEnabled = wire.BuildahVersion != nil || (wire.LiveRestoreEnabled ?? false)
        warnings = wire.Warnings ?? []
        storageDriver = wire.Driver ?? ""
        dataDirectory = wire.DockerRootDir ?? ""
        memoryLimit = wire.MemoryLimit ?? false
        swapLimit = wire.SwapLimit ?? false
        pidsLimit = wire.PidsLimit ?? false
        cpuCfsQuota = wire.CpuCfsQuota ?? false
    }
}

/// The answer to `GET /version`.
package struct EngineVersion: Sendable, Equatable, Decodable {
    /// The engine's version.
    package let version: String
    /// Its newest API version.
    package let apiVersion: String
    /// Its oldest API version.
    package let minimumAPIVersion: String
    /// Operating system and processor, such as `linux/amd64`.
    package let platform: String
    /// The kernel's version.
    package let kernelVersion: String

    private struct Wire: Decodable {
        let Version: String
        let ApiVersion: String
        let MinAPIVersion: String?
        let Os: String?
        let Arch: String?
        let KernelVersion: String?
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        version = wire.Version
        apiVersion = wire.ApiVersion
        minimumAPIVersion = wire.MinAPIVersion ?? ""
        platform = "\(wire.Os ?? "linux")/\(wire.Arch ?? "")"
        kernelVersion = wire.KernelVersion ?? ""
    }
}
