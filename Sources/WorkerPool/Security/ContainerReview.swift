package import ContainerEngine
internal import Foundation

/// Compares what a container was to be with what the engine and the kernel say it is. Pure.
package struct ContainerReview: Sendable {
    private let wanted: ContainerConfiguration
    private let found: ContainerInspection
    private let facts: ProcessFacts?
    private let engineSocket: String
    private let kernelFiles: [String]
    private let isOutdated: Bool

    /// Files of the kernel that a container must not read or change. The engine hides each that there is.
    package static let kernelFiles = [
        "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus",
    ]

    /// A review of one container.
    ///
    /// - Parameters:
    ///   - wanted: what it was created with.
    ///   - found: what the engine says now.
    ///   - facts: what the kernel says of its first process, if that can be seen.
    ///   - engineSocket: the engine's socket on this host.
    ///   - kernelFiles: those of `Self.kernelFiles` that this kernel has.
    ///   - isOutdated: whether it was made by other settings than `wanted`, which nobody remembers: then only what no
    ///     setting changes is judged.
    package init(
        wanted: ContainerConfiguration, found: ContainerInspection, facts: ProcessFacts?, engineSocket: String,
        kernelFiles: [String], isOutdated: Bool = false
    ) {
        self.wanted = wanted
        self.found = found
        self.facts = facts
        self.engineSocket = engineSocket
        self.kernelFiles = kernelFiles
        self.isOutdated = isOutdated
    }

    /// Every measure, in the order they are shown.
    package var measures: [SecurityMeasure] {
        guard isOutdated else { return compared }
        let settings = SecurityMeasure(
            "settings", wanted: "today's", inForce: "earlier ones", .shown,
            "It was made by other settings or another version, and goes when its task has ended; only what no setting "
                + "changes can be judged.")
        return [settings]
            + compared.map { measure in
                guard !Self.fixed.contains(measure.name), measure.verdict == .missing else { return measure }
                return SecurityMeasure(measure.name, wanted: "?", inForce: measure.inForce, .shown)
            }
    }

    /// Measures that hold whatever the settings are.
    private static let fixed: Set = [
        "privileged", "capabilities", "new privileges", "system calls", "kernel's files", "devices", "secrets",
    ]

    private var compared: [SecurityMeasure] {
        [
            privileged, user, capabilities, newPrivileges, systemCalls, namespaces, userNamespace, network, wayOut,
            root, hidden, devices,
        ]
        .compactMap { $0 } + [secrets, socket] + binds + limits + ulimits
    }

    // MARK: Rights

    private var privileged: SecurityMeasure? {
        SecurityMeasure(
            "privileged", wanted: "no", inForce: found.hostConfig.privileged ? "yes" : "no",
            orElse: "the container is privileged: it can do whatever root of this host can")
    }

    private var user: SecurityMeasure? {
        let inForce = facts.flatMap { facts in
            facts.user.flatMap { user in facts.group.map { "\(user):\($0)" } }
        }
        return SecurityMeasure(
            "user", wanted: wanted.user ?? "", inForce: inForce,
            orElse: "its first process runs as \(inForce ?? "?") instead of \(wanted.user ?? "the image's user")")
    }

    private var capabilities: SecurityMeasure? {
        let sets = ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"]
        let inForce = facts.map { facts in
            let left = sets.filter { UInt64(facts.status[$0] ?? "", radix: 16) != 0 }
            return left.isEmpty ? "none" : left.map { "\($0) \(facts.status[$0] ?? "?")" }.joined(separator: ", ")
        }
        return SecurityMeasure(
            "capabilities", wanted: "none", inForce: inForce,
            orElse: "it has capabilities that were to be dropped: \(inForce ?? "")")
    }

    private var newPrivileges: SecurityMeasure? {
        SecurityMeasure(
            "new privileges", wanted: "never",
            inForce: facts?.status["NoNewPrivs"].map { $0 == "1" ? "never" : "allowed" },
            orElse: "set-user-ID programs of the image work, so a task may become root in the container")
    }

    /// Two filters are wanted, the engine's and acode's. Kernels before 5.9 do not say how many there are.
    private var systemCalls: SecurityMeasure? {
        let mode = facts?.status["Seccomp"]
        let filters = facts?.status["Seccomp_filters"].flatMap { Int($0) }
        let inForce = mode == "2" ? "filtered" + (filters.map { " (\($0) filters)" } ?? "") : mode.map { _ in "all" }
        let remark: String? =
            if mode == "2" {
                filters.map { $0 < 2 } == true
                    ? "only one filter of system calls (seccomp) is in force: the engine's own is missing, or acode's"
                    : nil
            } else {
                "no filter of system calls (seccomp) is in force"
            }
        return SecurityMeasure(
            "system calls", wanted: "filtered", inForce: inForce ?? "?",
            mode == nil ? .unknown : remark == nil ? .holds : .missing, remark)
    }

    private var namespaces: SecurityMeasure? {
        let kinds = ["ipc", "mnt", "pid", "uts"] + (wanted.networkMode == .host ? [] : ["net"])
        let known = kinds.filter { facts?.ownNamespaces[$0] != nil }
        guard known.count == kinds.count else {
            return SecurityMeasure(
                "namespaces", wanted: kinds.sorted().joined(separator: " "), inForce: nil, orElse: "")
        }
        let shared = kinds.filter { facts?.ownNamespaces[$0] == false }
        return SecurityMeasure(
            "namespaces", wanted: kinds.sorted().joined(separator: " "),
            inForce: kinds.filter { !shared.contains($0) }.sorted().joined(separator: " "),
            orElse: "it shares these with the host: \(shared.joined(separator: ", "))")
    }

    private var userNamespace: SecurityMeasure? {
        guard let facts, let own = facts.ownNamespaces["user"] else { return nil }
        let outside = facts.userMap.first { $0.inside == 0 }.map { " (0 in it is \($0.outside) on the host)" } ?? ""
        return SecurityMeasure(
            "user namespace", wanted: "the engine's choice", inForce: own ? "its own\(outside)" : "the host's", .shown)
    }

    /// The network the engine says it has, by the same names.
    private var network: SecurityMeasure {
        let names = ["default": "bridge", "podman": "bridge", "pasta": "bridge", "slirp4netns": "bridge"]
        let mode = found.hostConfig.networkMode
        var inForce = names[mode] ?? mode
        // To Podman every network by name is a bridge.
        if case .named(let name) = wanted.networkMode, inForce != name {
            inForce = found.networks.keys.contains(name) ? name : found.networks.keys.sorted().joined(separator: " ")
        }
        return SecurityMeasure(
            "network", wanted: wanted.networkMode.wireValue, inForce: inForce.isEmpty ? nil : inForce,
            orElse: "it is in another network than it was to be in")
    }

    /// What leads out of it. Without a network only the supervisor's proxy does, if the agent was told of it.
    private var wayOut: SecurityMeasure {
        let wish =
            wanted.networkMode == .none ? (usesProxy(wanted.cmd ?? []) ? "acode's proxy" : "none") : "its network"
        let others = (facts?.interfaces ?? []).filter { !Self.idleInterfaces.contains($0) }
        let isShut = found.hostConfig.networkMode == "none" && found.networks.allSatisfy { $0.key == "none" }
        let inForce = isShut && others.isEmpty ? (usesProxy(found.cmd) ? "acode's proxy" : "none") : "its network"
        return SecurityMeasure(
            "way out", wanted: wish, inForce: facts == nil ? nil : inForce,
            orElse: "it reaches more than it was to: \((found.networks.keys.sorted() + others).joined(separator: ", "))"
        )
    }

    /// Interfaces that lead nowhere by themselves: loopback, and what the kernel's tunnels put into every namespace.
    private static let idleInterfaces: Set<String> = [
        "lo", "tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0",
    ]

    private func usesProxy(_ arguments: [String]) -> Bool { arguments.contains("--egress-socket") }

    // MARK: Files

    private var root: SecurityMeasure? {
        let mount = facts?.mounts.last { $0.target == "/" }
        let words = [true: "read-only", false: "writable"]
        return SecurityMeasure(
            "root file system", wanted: words[wanted.readonlyRootfs] ?? "",
            inForce: mount.flatMap { words[$0.isReadOnly] },
            orElse: "a task can change the container's own files, which stay until the container is replaced")
    }

    private var hidden: SecurityMeasure? {
        guard let facts else {
            return SecurityMeasure("kernel's files", wanted: "hidden or read-only", inForce: nil, orElse: "")
        }
        let mounts = facts.mounts
        var open = kernelFiles.filter { file in !mounts.contains { $0.target == file } }
        if mounts.last(where: { $0.target == "/proc/sys" })?.isReadOnly == false { open.append("/proc/sys") }
        if mounts.last(where: { $0.target == "/sys" })?.isReadOnly == false { open.append("/sys") }
        return SecurityMeasure(
            "kernel's files", wanted: "hidden or read-only",
            inForce: open.isEmpty ? "hidden or read-only" : "open: \(open.joined(separator: " "))",
            orElse: "the engine left files of the kernel open to the container: \(open.joined(separator: ", "))")
    }

    private var devices: SecurityMeasure? {
        guard let all = facts?.cgroup?.allowsAllDevices else { return nil }
        return SecurityMeasure(
            "devices", wanted: "the engine's few", inForce: all ? "all" : "the engine's few",
            orElse: "the container's cgroup lets it use every device of the host")
    }

    private var secrets: SecurityMeasure {
        let mount = facts?.mounts.last { $0.target == ContainerBlueprint.secretsDirectory }
        return SecurityMeasure(
            "secrets", wanted: "in memory",
            inForce: mount.map { ["tmpfs", "ramfs"].contains($0.type) ? "in memory" : "on \($0.type)" },
            orElse: "secrets of tasks reach a disk: choose a directory on a tmpfs with state.runtimeDir")
    }

    private var socket: SecurityMeasure {
        let names = ["docker.sock", "podman.sock", "containerd.sock"]
        let inside = found.mounts.filter { mount in
            mount.source == engineSocket || names.contains { mount.source.hasSuffix("/\($0)") }
        }
        let asked = wanted.mounts.contains { mount in
            guard case .bind(let source, _, _) = mount else { return false }
            return inside.contains { $0.source == source }
        }
        let wish = asked ? "allowed by the configuration" : "not inside"
        return SecurityMeasure(
            "engine's socket", wanted: wish,
            inForce: inside.isEmpty ? "not inside" : asked ? wish : inside.map(\.target).joined(separator: " "),
            orElse: "the engine's socket is in the container: whoever reaches it is root of this host")
    }

    private var binds: [SecurityMeasure] {
        wanted.mounts.compactMap { mount in
            guard case .bind(_, let target, let readOnly) = mount else { return nil }
            let words = [true: "read-only", false: "writable"]
            let seen = facts?.mounts.last { $0.target == target }
            let reported = found.mounts.first { $0.target == target }.map { !$0.writable }
            return SecurityMeasure(
                target, wanted: words[readOnly] ?? "", inForce: (seen?.isReadOnly ?? reported).flatMap { words[$0] },
                orElse: "\(target) is mounted in another way than it was asked for")
        }
    }

    // MARK: Limits

    private var limits: [SecurityMeasure] {
        LimitMeasures.cgroup(
            memory: wanted.memory, hasSwap: wanted.memorySwap != wanted.memory, processes: wanted.pidsLimit,
            cpus: wanted.nanoCPUs.map { Double($0) / 1e9 }, found: facts?.cgroup)
    }

    private var ulimits: [SecurityMeasure] {
        wanted.ulimits.map { LimitMeasures.ulimit($0.name, UInt64(max(0, $0.hard)), facts) }
    }
}
