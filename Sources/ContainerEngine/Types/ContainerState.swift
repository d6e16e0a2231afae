package import FoundationEssentials

/// In which phase of its life a container is, over both engines' words.
package enum ContainerStatus: String, Sendable, CaseIterable {
    case created, running, paused, restarting, stopping, exited, removing, dead
    /// A word we do not know; inspect again.
    case unknown

    /// Reads an engine's word. Podman has some that Docker has not.
    package init(engineWord word: String) {
        switch word.lowercased() {
        case "created", "configured", "initialized": self = .created
        case "running": self = .running
        case "paused": self = .paused
        case "restarting": self = .restarting
        case "stopping": self = .stopping
        case "exited", "stopped": self = .exited
        case "removing": self = .removing
        case "dead": self = .dead
        default: self = .unknown
        }
    }

    /// Whether a process of it can be alive.
    package var isAlive: Bool {
        switch self {
        case .running, .paused, .restarting, .stopping, .unknown: true
        case .created, .exited, .removing, .dead: false
        }
    }
}

/// What the engine's healthcheck found.
package enum ContainerHealth: String, Sendable {
    case none, starting, healthy, unhealthy
}

/// The state of a container as inspected.
package struct ContainerState: Sendable, Equatable {
    /// The phase.
    package let status: ContainerStatus
    /// Whether PID 1 runs.
    package let running: Bool
    /// Believable when true; when false see `Quirks.reportsEveryOOM`.
    package let oomKilled: Bool
    /// PID 1 in the host's numbers; 0 when it does not run.
    package let pid: Int32
    /// Exit code of PID 1, 128+n for signals; of no meaning before the exit.
    package let exitCode: Int32
    /// Why it did not start, in the engine's words.
    package let error: String
    /// `nil` when it never started.
    package let startedAt: Date?
    /// `nil` when it never ended.
    package let finishedAt: Date?
    /// Restarts by the engine's policy.
    package let restartCount: Int
    /// What the healthcheck found.
    package let health: ContainerHealth

    /// Makes a state.
    package init(
        status: ContainerStatus, running: Bool, oomKilled: Bool, pid: Int32, exitCode: Int32, error: String,
        startedAt: Date?, finishedAt: Date?, restartCount: Int, health: ContainerHealth
    ) {
        self.status = status
        self.running = running
        self.oomKilled = oomKilled
        self.pid = pid
        self.exitCode = exitCode
        self.error = error
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.restartCount = restartCount
        self.health = health
    }
}
