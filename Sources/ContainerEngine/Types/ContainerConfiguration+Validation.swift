extension ContainerConfiguration {
    /// The smallest memory limit, in bytes: Docker's; Podman accepts less and then can't start.
    package static let leastMemory: Int64 = 6 << 20

    /// Everything that is wrong with it, in plain words; empty when nothing is. Pure: it does not look at the host's files.
    ///
    /// It finds what at least one engine accepts and gets wrong: see each message.
    package func problems(processors: Int? = nil) -> [String] {
        var problems: [String] = []
        func require(_ condition: Bool, _ problem: @autoclosure () -> String) {
            if !condition { problems.append(problem()) }
        }
        require(!image.isEmpty, "the image has no name")
        if let entrypoint { require(!entrypoint.isEmpty && entrypoint[0] != "", "the entrypoint is empty") }
        for key in env.keys.sorted() {
            require(
                !key.isEmpty && !key.contains { $0 == "=" || $0 == "*" || $0 == "\0" },
                "environment variable '\(key)': a name can't be empty or hold '=', '*' or NUL")
            require(env[key]?.contains("\0") != true, "environment variable '\(key)': the value holds NUL")
        }
        for key in labels.keys.sorted() {
            require(!key.isEmpty && !key.contains("="), "label '\(key)': a key can't be empty or hold '='")
        }
        problems += limitProblems(processors: processors)
        for limit in ulimits {
            require(limit.soft <= limit.hard, "ulimit \(limit.name): soft \(limit.soft) is above hard \(limit.hard)")
            require(limit.soft >= 0 && limit.hard >= 0, "ulimit \(limit.name): negative")
        }
        for mount in mounts { problems += mount.problems }
        let targets = mounts.map(\.target)
        for target in Set(targets).sorted() where targets.count(where: { $0 == target }) > 1 {
            problems.append("mount target \(target) is used twice")
        }
        for port in portBindings {
            require((1...65535).contains(port.containerPort), "port \(port.containerPort) is not in 1…65535")
            require((0...65535).contains(port.hostPort), "host port \(port.hostPort) is not in 0…65535")
            require(["tcp", "udp", "sctp"].contains(port.proto), "port protocol '\(port.proto)' is unknown")
        }
        if let workingDir {
            require(workingDir.hasPrefix("/"), "the working directory '\(workingDir)' is not absolute")
        }
        if let stopTimeout { require(stopTimeout >= .zero, "the stop time-out is negative") }
        return problems
    }

    private func limitProblems(processors: Int?) -> [String] {
        var problems: [String] = []
        if let memory, memory < Self.leastMemory {
            problems.append("memory \(memory) bytes is below the smallest limit, 6 MiB")
        }
        if let memorySwap {
            if let memory {
                if memorySwap < memory { problems.append("memory with swap \(memorySwap) is below memory \(memory)") }
            } else {
                problems.append("a limit of memory with swap needs one of memory")
            }
        }
        if let nanoCPUs {
            if nanoCPUs < 10_000_000 {
                problems.append("\(Double(nanoCPUs) / 1e9) CPUs is below the smallest limit, 0.01")
            }
            if let processors, nanoCPUs > Int64(processors) * 1_000_000_000 {
                problems.append("\(Double(nanoCPUs) / 1e9) CPUs is above the engine's \(processors)")
            }
        }
        if let pidsLimit, pidsLimit < 1 { problems.append("a limit of \(pidsLimit) processes would mean no limit") }
        if let oomScoreAdj, !(-1000...1000).contains(oomScoreAdj) {
            problems.append("OOM score adjustment \(oomScoreAdj) is not in -1000…1000")
        }
        if let shmSize, shmSize <= 0 { problems.append("the size of /dev/shm must be above 0") }
        return problems
    }
}

extension ContainerConfiguration.Mount {
    fileprivate var problems: [String] {
        var problems: [String] = []
        func check(_ path: String, _ name: String) {
            if !path.hasPrefix("/") { problems.append("mount \(name) '\(path)' is not absolute") }
            if path.contains(",") {
                problems.append("mount \(name) '\(path)' holds a comma, which engines take as a separator")
            }
            if path.contains("\0") || path.contains("\n") { problems.append("mount \(name) holds a control character") }
        }
        check(target, "target")
        if target == "/" { problems.append("a mount can't replace /") }
        switch self {
        case .bind(let source, _, _): check(source, "source")
        case .tmpfs(_, let size, let mode):
            if let size, size <= 0 { problems.append("tmpfs \(target): the size must be above 0") }
            if mode == 0 || mode > 0o7777 {
                problems.append("tmpfs \(target): mode \(String(mode, radix: 8)) is no usable mode")
            }
        case .volume(let name, _, _, _):
            if let name, name.isEmpty || name.contains(where: { $0 == "/" || $0 == "," }) {
                problems.append("volume '\(name)': not a volume's name")
            }
        }
        return problems
    }
}
