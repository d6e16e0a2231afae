import Glibc

/// The agent's command line.
package enum AgentMain {
    private static let usage = """
        usage: acode-agent run --socket PATH --worker-id ID [--orphan-timeout SECONDS] [--stop-grace SECONDS]
                               [--inherit-environment] [--refuse-escapes] [--egress-socket PATH [--egress-port PORT]]
                               [--scratch DIRECTORY]... [--cgroup DIRECTORY]... [--limit nofile|nproc|core=N]...
               acode-agent health [--pid PID] [--timeout SECONDS]
               acode-agent progress [PERCENT] [MESSAGE]
               acode-agent checkpoint get [--json | --phase | --data]
               acode-agent checkpoint done PHASE
               acode-agent checkpoint save PHASE [--data JSON|@FILE|-] [--artifact PATH]... [--force] [--stop-if-asked]
                               [--timeout SECONDS]
               acode-agent should-stop
               acode-agent version

        """

    /// Runs a sub-command; `run` returns only when the agent is done.
    ///
    /// - Parameter arguments: the program's name and its arguments.
    /// - Returns: the exit code: 0 done, 1 unhealthy or "no", 64 usage, 69 no agent to talk to, 70 internal, 75 try again.
    package static func run(_ arguments: [String]) -> Int32 {
        let words = Array(arguments.dropFirst(2))
        do {
            switch arguments.dropFirst().first {
            case "run": return try RunCommand.run(words)
            case "health": return try HealthCommand.run(words)
            case "progress": return try ProgressCommand.run(words)
            case "checkpoint": return try CheckpointCommand.run(words)
            case "should-stop": return try ShouldStopCommand.run(words)
            case "version", "--version": Output.line("acode-agent \(AgentVersion.current)")
            case "help", "--help", "-h": Output.line(usage)
            case let word?: throw UsageError("unknown command \(word)")
            case nil: throw UsageError("a command is missing")
            }
            return 0
        } catch let error as UsageError {
            Output.error("\(error)\n\(usage)")
            return 64
        } catch {
            Output.error("\(error)")
            return 70
        }
    }
}

/// The agent's own version.
enum AgentVersion {
    static let current = "0.1.0"
}
