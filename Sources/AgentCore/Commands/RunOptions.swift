/// The options of `acode-agent run`.
struct RunOptions: Equatable {
    /// The supervisor's socket.
    var socket: String
    /// The worker's id.
    var workerID: String
    /// How long to live without a supervisor.
    var orphanTimeout = Nanos.seconds(600)
    /// How long a task has between SIGTERM and SIGKILL when the agent itself is told to stop.
    var stopGrace = Nanos.seconds(8)
    /// Whether tasks get the agent's own environment under theirs.
    var inheritEnvironment = false
    /// The cgroup directories the agent joins before it does anything.
    var cgroups: [String] = []
    /// Limits of the agent and its tasks.
    var limits: [ProcessLimit] = []
    /// Whether tasks are refused the system calls that serve to leave a container.
    var refuseEscapes = false
    /// The directories that are emptied after each task.
    var scratch: [String] = []
    /// The supervisor's proxy, where it is the only way out.
    var egressSocket: String?
    /// The port of loopback at which clients of the proxy are served; 0 for any.
    var egressPort: UInt16 = 0

    /// Reads the words after `run`.
    static func parse(_ arguments: [String]) throws(UsageError) -> RunOptions {
        var words = OptionWords(arguments)
        let socket = try words.take("--socket")
        let workerID = try words.take("--worker-id")
        let orphanTimeout = try words.takeSeconds("--orphan-timeout")
        let stopGrace = try words.takeSeconds("--stop-grace")
        let scratch = try words.takeAll("--scratch")
        let inherit = words.takeFlag("--inherit-environment")
        let refuseEscapes = words.takeFlag("--refuse-escapes")
        let cgroups = try words.takeAll("--cgroup")
        var limits: [ProcessLimit] = []
        for text in try words.takeAll("--limit") { limits.append(try ProcessLimit(text)) }
        let egressSocket = try words.take("--egress-socket")
        let egressPort = try words.take("--egress-port")
        try words.finish()
        guard let socket, !socket.isEmpty else { throw UsageError("run needs --socket PATH") }
        guard let workerID, !workerID.isEmpty else { throw UsageError("run needs --worker-id ID") }
        var options = RunOptions(
            socket: socket, workerID: workerID, inheritEnvironment: inherit, cgroups: cgroups, limits: limits,
            refuseEscapes: refuseEscapes,
            scratch: scratch)
        if let orphanTimeout { options.orphanTimeout = orphanTimeout }
        if let stopGrace { options.stopGrace = stopGrace }
        options.egressSocket = egressSocket
        if let egressPort {
            guard let port = UInt16(egressPort) else {
                throw UsageError("--egress-port needs a port, not \(egressPort)")
            }
            options.egressPort = port
        }
        return options
    }
}
