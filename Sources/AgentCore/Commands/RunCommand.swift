import CAgentSystem
import Glibc

/// `acode-agent run`: be a worker.
enum RunCommand {
    static func run(_ arguments: [String]) throws -> Int32 {
        let options = try RunOptions.parse(arguments)
        claimDescriptors()
        // Out of the terminal's process group: Ctrl-C is for the supervisor, which then tells its agents.
        setsid()
        // PID 1 gets every orphan anyway. Elsewhere this makes a task's daemons ours, so that none gets away.
        if getpid() != 1 { cagent_become_subreaper() }
        return try Agent(options, environment: TaskEnvironment.parse(ProcessEnvironment.entries())).run()
    }

    /// Makes sure that 0, 1 and 2 are open, and nothing that a careless parent left open besides.
    private static func claimDescriptors() {
        cagent_close_from(3)
        while true {
            let number = open("/dev/null", O_RDWR)
            if number < 0 { return }
            if number > 2 {
                close(number)
                return
            }
        }
    }
}
