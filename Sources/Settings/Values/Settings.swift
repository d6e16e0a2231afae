/// Everything that can be configured, resolved: every field has a value, every value has passed its checks.
///
/// The fields' defaults, ranges and documentation live in the table of setting descriptors, so the initial values here
/// are the defaults and nothing else may state them.
package struct Settings: Sendable, Equatable {
    /// The pool of workers.
    package var workers = WorkersSettings()
    /// How tasks are claimed, renewed and retried.
    package var queue = QueueSettings()
    /// When no tasks are taken.
    package var backpressure = BackpressureSettings()
    /// The types that tasks can be of, by name.
    package var handlers: [String: TaskType] = [:]
    /// Which queue tasks go to; the first rule that fits counts.
    package var routing: [RoutingRule] = []
    /// What supervisors can be there for, by name.
    package var roles: [String: SupervisorRole] = [:]
    /// Where tasks are kept.
    package var store = StoreSettings()
    /// The logs of tasks and of the supervisor itself.
    package var logs = LogSettings()
    /// Where tasks may put outputs.
    package var outputs = OutputSettings()
    /// What becomes of what attempts leave behind.
    package var scratch = ScratchSettings()
    /// How long tasks that have ended are kept.
    package var retention = RetentionSettings()
    /// What tasks keep to go on from.
    package var checkpoints = CheckpointSettings()
    /// The optional TCP listener.
    package var http = HTTPSettings()
    /// What this one is there for, and what other machines are offered.
    package var supervisor = PeerSettings()
    /// Where each named secret comes from; the values themselves are never in here.
    package var secrets: [String: SecretSource] = [:]
    /// Directories of this host.
    package var state: StateSettings

    /// The defaults, with the directories of this host.
    package init(state: StateSettings) {
        self.state = state
        store.path = state.dir + "/" + StoreSettings.fileName
    }
}

/// The optional TCP listener for health checks and metrics.
package struct HTTPSettings: Sendable, Equatable {
    /// The address it listens on; `nil` means there is none.
    package var listen: ListenAddress?

    /// The defaults.
    package init() {}
}

/// A host and port to listen on.
package struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IP address or a host name; an IPv6 address without its brackets.
    package var host: String
    /// 0…65535; 0 lets the system choose.
    package var port: Int

    /// Makes an address; nothing is checked.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Where the value of a secret comes from. Values are read when a worker needs them and are never kept here.
package enum SecretSource: Sendable, Hashable {
    /// The contents of a file of this host.
    case file(String)
    /// A variable of the supervisor's own environment.
    case environment(String)
    /// The standard output of a command; no shell is involved.
    case command([String])
}

/// Directories of this host, absolute.
package struct StateSettings: Sendable, Equatable {
    /// What must outlive a restart: the database, logs, outputs.
    package var dir: String
    /// Sockets and secrets; on a tmpfs where there is one.
    package var runtimeDir: String

    /// Makes a pair of directories; nothing is created.
    package init(dir: String, runtimeDir: String) {
        self.dir = dir
        self.runtimeDir = runtimeDir
    }
}
