internal import ControlPlane
internal import Settings
internal import Supervisor

/// Which supervisors run on this host, and how they are.
enum SupervisorChecks {
    static func run(_ settings: Settings) async -> [DoctorCheck] {
        var checks: [DoctorCheck] = []
        for socket in StateLayout.controlSockets(state: settings.state) {
            do throws(ControlClientError) {
                let client = ControlClient(socketPath: socket, deadline: .seconds(2))
                checks.append(judge(try await client.status(), reasons: try await client.readiness()))
            } catch {
                // A socket that a killed supervisor left is replaced by the next one.
                if error.code != .noSupervisor { checks.append(.fail("supervisor", error.message, fix: nil)) }
            }
        }
        return checks.isEmpty ? [.ok("supervisor", "none runs on this host")] : checks
    }

    static func judge(_ status: SupervisorSummary, reasons: [String]) -> DoctorCheck {
        let who = "pool \(status.pool), pid \(status.pid), \(status.mode) × \(status.slots)"
        if let reason = status.fallbackReason {
            return .warn(
                "supervisor", "\(who): fell back to local processes: \(reason)",
                fix: "make the engine available, then start the supervisor again")
        }
        guard reasons.isEmpty else {
            return .warn("supervisor", "\(who): \(reasons.joined(separator: "; "))", fix: nil)
        }
        return .ok("supervisor", "\(who), \(status.busy) busy")
    }
}
