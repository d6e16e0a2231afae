extension CreateContainerBody {
    /// Translates a configuration for an engine.
    init(_ configuration: ContainerConfiguration, quirks: Quirks) {
        Image = configuration.image
        Entrypoint = configuration.entrypoint
        Cmd = configuration.cmd
        Env = configuration.env.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        Labels = configuration.labels
        User = configuration.user
        WorkingDir = configuration.workingDir
        Hostname = configuration.hostname
        StopSignal = configuration.stopSignal
        StopTimeout = configuration.stopTimeout.map { $0.wholeSeconds }
        Healthcheck = configuration.healthcheck.map(HealthcheckBody.init)
        let ports = configuration.exposedPorts + configuration.portBindings.map { "\($0.containerPort)/\($0.proto)" }
        ExposedPorts =
            ports.isEmpty ? nil : Dictionary(ports.map { ($0, Empty()) }, uniquingKeysWith: { first, _ in first })
        HostConfig = HostConfigBody(configuration, quirks: quirks)
    }
}

extension CreateContainerBody.HealthcheckBody {
    init(_ healthcheck: ContainerConfiguration.Healthcheck) {
        switch healthcheck {
        case .none:
            self.init(Test: ["NONE"])
        case .command(let command, let interval, let timeout, let startPeriod, let retries):
            self.init(
                Test: ["CMD"] + command, Interval: interval.inNanoseconds, Timeout: timeout.inNanoseconds,
                StartPeriod: startPeriod.inNanoseconds, Retries: retries)
        }
    }
}

extension CreateContainerBody.HostConfigBody {
    init(_ configuration: ContainerConfiguration, quirks: Quirks) {
        NetworkMode = configuration.networkMode.wireValue
        Memory = configuration.memory
        MemorySwap = configuration.memorySwap
        NanoCpus = configuration.nanoCPUs
        PidsLimit = configuration.pidsLimit
        OomScoreAdj = configuration.oomScoreAdj
        CapDrop = configuration.capDrop.nonEmpty
        CapAdd = configuration.capAdd.nonEmpty
        SecurityOpt = configuration.securityOpt.nonEmpty
        IpcMode = configuration.ipcMode
        UsernsMode = configuration.usernsMode
        ReadonlyRootfs = configuration.readonlyRootfs
        Ulimits = configuration.ulimits.map { .init(Name: $0.name, Soft: $0.soft, Hard: $0.hard) }.nonEmpty
        Mounts = configuration.mounts.map { .init($0, quirks: quirks) }.nonEmpty
        RestartPolicy = .init(configuration.restartPolicy)
        AutoRemove = false
        LogConfig = .init(configuration.log, quirks: quirks)
        ShmSize = configuration.shmSize
        let ports = Dictionary(grouping: configuration.portBindings) { "\($0.containerPort)/\($0.proto)" }
        PortBindings =
            ports.isEmpty
            ? nil : ports.mapValues { $0.map { .init(HostIp: $0.hostIP ?? "", HostPort: String($0.hostPort)) } }
        Dns = configuration.dns.nonEmpty
        DnsSearch = configuration.dnsSearch.nonEmpty
        ExtraHosts = configuration.extraHosts.nonEmpty
        GroupAdd = configuration.groupAdd.nonEmpty
        StorageOpt = configuration.storageOpt.isEmpty ? nil : configuration.storageOpt
    }
}

extension CreateContainerBody.MountBody {
    init(_ mount: ContainerConfiguration.Mount, quirks: Quirks) {
        switch mount {
        case .bind(let source, let target, let readOnly):
            self.init(Type: "bind", Source: source, Target: target, ReadOnly: readOnly)
        case .tmpfs(let target, let size, let mode):
            self.init(Type: "tmpfs", Target: target, TmpfsOptions: .init(SizeBytes: size, Mode: mode))
        case .volume(let name, let target, let readOnly, let labels):
            let options =
                labels.isEmpty || !quirks.honoursVolumeOptions ? nil : CreateContainerBody.VolumeBody(Labels: labels)
            self.init(Type: "volume", Source: name, Target: target, ReadOnly: readOnly, VolumeOptions: options)
        }
    }
}

extension CreateContainerBody.RestartBody {
    init(_ policy: ContainerConfiguration.RestartPolicy) {
        switch policy {
        case .no: self.init(Name: "no")
        case .onFailure(let retries): self.init(Name: "on-failure", MaximumRetryCount: retries)
        case .unlessStopped: self.init(Name: "unless-stopped")
        case .always: self.init(Name: "always")
        }
    }
}

extension CreateContainerBody.LogBody {
    init?(_ log: ContainerConfiguration.LogConfiguration, quirks: Quirks) {
        switch log {
        case .engineDefault:
            guard let driver = quirks.logDriver else { return nil }
            self.init(Type: driver, Config: [:])
        case .driver(let name, let options):
            self.init(Type: name, Config: options)
        }
    }
}

extension Array {
    fileprivate var nonEmpty: Self? { isEmpty ? nil : self }
}

extension Duration {
    /// Seconds, rounded up: an engine's `t` of 0 means "at once".
    var wholeSeconds: Int64 { components.seconds + (components.attoseconds > 0 ? 1 : 0) }

    var inNanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
