/// Where a worker stands in its life.
package enum WorkerStatus: String, Codable, Sendable, CaseIterable {
    /// Its row is written; image, directories and container are being made. → `starting`, `failed`, `stopping`.
    case provisioning
    /// The container or process was started; the agent has not called yet. → `idle`, `failed`, `stopping`.
    case starting
    /// Ready for a task. → `busy`, `draining`, `stopping`, `unhealthy`, `failed`.
    case idle
    /// Runs a task. → `idle`, `draining`, `stopping`, `unhealthy`, `failed`.
    case busy
    /// Finishes its task and takes no other. → `stopping`, `unhealthy`, `failed`.
    case draining
    /// Being stopped and removed. → `stopped`, `failed`.
    case stopping
    /// Nothing of it is left (unless containers are kept). Final.
    case stopped
    /// Its agent stopped answering, or its healthcheck fails. → `idle`, `busy`, `stopping`, `failed`.
    case unhealthy
    /// It could not be started, or went away by itself. → `stopping`, `stopped`.
    case failed

    /// Whether the step from this status to `next` exists.
    package func canBecome(_ next: WorkerStatus) -> Bool {
        switch self {
        case .provisioning: [.starting, .failed, .stopping].contains(next)
        case .starting: [.idle, .failed, .stopping].contains(next)
        case .idle: [.busy, .draining, .stopping, .unhealthy, .failed].contains(next)
        case .busy: [.idle, .draining, .stopping, .unhealthy, .failed].contains(next)
        case .draining: [.stopping, .unhealthy, .failed].contains(next)
        case .stopping: [.stopped, .failed].contains(next)
        case .stopped: false
        case .unhealthy: [.idle, .busy, .stopping, .failed].contains(next)
        case .failed: [.stopping, .stopped].contains(next)
        }
    }
}
