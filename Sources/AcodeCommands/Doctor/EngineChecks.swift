internal import ContainerEngine
internal import Foundation
internal import Glibc
internal import Logging
internal import Settings
internal import TaskModel
internal import WorkerPool

/// Whether there is a container engine, and what it can do.
struct EngineChecks {
    let settings: Settings
    let environment: [String: String]

    func run() async -> [DoctorCheck] {
        guard settings.workers.mode == .docker else { return [.ok("engine", "not needed: workers.mode is local")] }
        let candidates: [EngineEndpoint]
        do throws(EngineError) {
            candidates = try EngineDiscovery.candidates(
                explicitSocket: settings.workers.docker.socket, environment: environment, userID: geteuid())
        } catch {
            return [.fail("engine", error.message, fix: error.hint)]
        }
        var checks: [DoctorCheck] = []
        var found: EngineClient?
        for candidate in candidates where found == nil {
            do throws(EngineError) {
                found = try await EngineClient.connect(to: candidate, logger: Logger(label: "acode"))
            } catch {
                checks.append(.warn("engine socket", "\(candidate): \(error.message)", fix: error.hint))
            }
        }
        guard let found else { return checks + [missing(candidates)] }
        defer { found.shutdown() }
        return checks.map(Self.passedOver) + (await inspect(found))
    }

    /// A place without an engine is no trouble when another has one.
    private static func passedOver(_ check: DoctorCheck) -> DoctorCheck {
        .ok(check.name, "\(check.detail) (not needed)")
    }

    private func missing(_ candidates: [EngineEndpoint]) -> DoctorCheck {
        let detail = "none of \(candidates.count) places has an engine that answers"
        guard settings.workers.fallback else {
            return .fail("engine", detail, fix: "install Docker or Podman and start it, or set workers.mode to local")
        }
        if !settings.workers.fallbackInForce, let limit = settings.workers.networkLimit {
            return .fail(
                "engine", "\(detail), and local processes don't take over, because \(limit) would not be enforced",
                fix: "install Docker or Podman and start it, or set workers.fallbackIgnoresNetwork to true")
        }
        return .warn(
            "engine", "\(detail); tasks run as local processes, which isolates them less",
            fix: "install Docker or Podman and start it")
    }

    private func inspect(_ engine: EngineClient) async -> [DoctorCheck] {
        let identity = engine.identity
        var checks: [DoctorCheck] = [
            .ok(
                "engine",
                "\(identity.kind.rawValue) \(identity.version), API \(identity.apiVersion), \(engine.endpoint)")
        ]
        do throws(EngineError) {
            let info = try await engine.info()
            checks += Self.judge(info)
            checks += users(of: info, identity.kind)
        } catch {
            checks.append(.fail("engine", error.description, fix: error.hint))
        }
        return checks
    }

    /// Who the users of containers are on this host, where they are others.
    private func users(of info: EngineInfo, _ kind: EngineKind) -> [DoctorCheck] {
        let name = "user namespace"
        do throws(UserMappingProblem) {
            let own = ContainerUser(uid: geteuid(), gid: getegid())
            switch try UserMapping(info, kind: kind, user: settings.workers.docker.user, own: own) {
            case .same: return []
            case .shifted(let user, _): return [.ok(name, "root of a container is user \(user) of this host")]
            case .keepingOwn: return [.ok(name, "the engine's own user is the same in containers")]
            }
        } catch {
            return [.fail(name, error.message, fix: error.hint)]
        }
    }

    /// What the engine says about itself, judged.
    static func judge(_ info: EngineInfo) -> [DoctorCheck] {
        var checks: [DoctorCheck] = [
            info.cgroupVersion == "2"
                ? .ok("cgroups", "version 2, driver \(info.cgroupDriver)")
                : .ok(
                    "cgroups", "version \(info.cgroupVersion), driver \(info.cgroupDriver); version 2 accounts better")
        ]
        let missing = [
            ("memory", info.memoryLimit), ("processes", info.pidsLimit), ("CPU", info.cpuCfsQuota),
        ].filter { !$0.1 }.map(\.0)
        if info.dropsLimitsSilently {
            checks.append(
                .fail(
                    "limits", "a rootless engine on cgroup version 1 accepts limits and ignores them",
                    fix: "boot with cgroup version 2, or use a rootful engine"))
        } else if missing.isEmpty {
            checks.append(.ok("limits", "memory, CPU and processes can be limited"))
        } else {
            checks.append(
                .fail(
                    "limits", "can't be limited here: \(missing.joined(separator: ", "))",
                    fix: info.rootless
                        ? "delegate the cgroup controllers to this user (systemd: Delegate=cpu memory pids)"
                        : "enable these cgroup controllers in the kernel"))
        }
        if !info.swapLimit, info.memoryLimit {
            checks.append(
                .warn(
                    "swap", "swap can't be limited, so a task may swap beyond its memory limit",
                    fix: "boot with swapaccount=1, or switch swap off"))
        }
        if info.rootless { checks.append(.ok("rootless", "the engine runs without root")) }
        checks += info.warnings.map { .warn("engine", $0, fix: nil) }
        return checks
    }
}
