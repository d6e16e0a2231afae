import Glibc

/// `acode-agent health`: for a container's health check. Exits with 0 when the agent answers.
///
/// The agent's name is found through its command line and the table of sockets, and believed only if the process that
/// listens is the one that was asked for.
enum HealthCommand {
    private static let defaultTimeout = Nanos.seconds(2)

    static func run(_ arguments: [String]) throws -> Int32 {
        var words = OptionWords(arguments)
        let pid = try words.take("--pid").map { text throws(UsageError) in
            guard let pid = pid_t(text), pid > 0 else { throw UsageError("--pid needs a process id, not \(text)") }
            return pid
        }
        let timeout = try words.takeSeconds("--timeout") ?? defaultTimeout
        try words.finish()
        do {
            Output.line(try ask(pid ?? 1, timeout))
            return 0
        } catch {
            Output.error("unhealthy: \(error)")
            return 1
        }
    }

    private static func ask(_ pid: pid_t, _ timeout: Nanos) throws -> String {
        guard let commandLine = ProcFile.bytes("/proc/\(pid)/cmdline", limit: 64 * 1024),
            let workerID = LocalSocketName.workerID(inCommandLine: commandLine)
        else { throw LocalClient.Failure(description: "process \(pid) is no agent") }
        let table = ProcFile.text("/proc/self/net/unix", limit: 16 << 20) ?? ""
        let names = LocalSocketName.find(prefix: LocalSocketName.prefix(workerID: workerID), inTable: table)
        var failure: any Error = LocalClient.Failure(description: "the agent does not listen")
        for name in names.prefix(16) {
            do {
                return try LocalClient.ask(.health, at: name, pid: pid, timeout: timeout).message
            } catch {
                failure = error
            }
        }
        throw failure
    }
}
