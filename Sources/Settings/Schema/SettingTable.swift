/// All settings.
package enum SettingTable {
    /// In the order in which they are shown.
    package static let all: [SettingDescriptor] =
        workers + egress + health + autoscale + docker + network + dockerWatch + dockerOutage + queue + backpressure
        + handlers + routing + roles
        + store + logs
        + outputs + scratch + checkpoints + retention + http + supervisor + peers + secrets + state

    /// What each mapping of settings is about, by path, in the order in which they are shown.
    package static let sections: [(path: String, documentation: String)] = [
        ("workers", "The pool of workers: what they are made of, how many there are, when they are replaced."),
        ("workers.health", "How a worker's agent is watched, in containers and local processes alike."),
        ("workers.autoscale", "How the pool grows and shrinks with its queues."),
        ("workers.docker", "What concerns container workers only."),
        ("workers.docker.resources", "What one container may use at most."),
        ("workers.docker.ulimits", "Limits of single processes, as in ulimit."),
        ("workers.docker.healthcheck", "The container's own healthcheck, beside the watch over its agent."),
        ("workers.docker.restart", "How a worker that broke is replaced."),
        ("workers.docker.outage", "What happens while the engine does not answer."),
        ("queue", "How tasks are claimed, renewed and retried."),
        ("queue.retry", "When a failed task that names no policy of its own is tried again."),
        ("backpressure", "When no tasks are taken because this host, or another queue, has enough to do already."),
        ("store", "Where tasks are kept."),
        ("logs", "The logs of tasks and of the supervisor itself."),
        ("outputs", "Where the outputs of tasks that succeeded may go."),
        ("scratch", "What attempts leave in their working directory and do not declare as an output."),
        ("checkpoints", "What tasks keep to go on from, in another attempt."),
        ("retention", "How long tasks that have ended are kept, with their history, logs, outputs and scratch."),
        ("http", "An optional TCP listener for health checks and metrics."),
        ("supervisor", "What this supervisor is there for, and what hosts that share a queue offer each other."),
        ("state", "Directories of this host."),
    ]

    /// The setting of a path.
    package static func descriptor(_ path: String) -> SettingDescriptor? { byPath[path] }

    /// Whether a path is a mapping of settings.
    static func isSection(_ path: String) -> Bool { sectionPaths.contains(path) }

    /// The keys that may stand directly in a section; `""` is the whole document.
    static func keys(in section: String) -> [String] { keysBySection[section] ?? [] }

    private static let byPath = Dictionary(all.map { ($0.path, $0) }) { first, _ in first }

    private static let sectionPaths = Set(sections.map(\.path))

    private static let keysBySection: [String: [String]] = {
        var keys: [String: [String]] = [:]
        for path in all.map(\.path) + sections.map(\.path) {
            let (section, key) = split(path)
            keys[section, default: []].append(key)
        }
        return keys
    }()

    /// A path without its last key, and that key.
    static func split(_ path: String) -> (section: String, key: String) {
        guard let dot = path.lastIndex(of: ".") else { return ("", path) }
        return (String(path[..<dot]), String(path[path.index(after: dot)...]))
    }
}
