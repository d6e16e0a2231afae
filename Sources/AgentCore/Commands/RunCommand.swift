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
        cagent_forbid_new_privileges()
        for cgroup in options.cgroups { try join(cgroup) }
        for limit in options.limits { limit.apply() }
        let agent = try Agent(options, environment: TaskEnvironment.parse(ProcessEnvironment.entries()))
        if options.refuseEscapes, cagent_refuse_escapes() != 0 {
            Output.error("no filter of system calls but the engine's own: \(SystemError.text(errno))")
        }
        // In a container the task has the agent's user, and must not become its debugger. After the agent has opened its
        // own files in /proc, which then belong to root. A local worker's agent must be found by its environment.
        if getpid() == 1 { cagent_hide_memory() }
        return agent.run()
    }

    /// Moves this process into a cgroup, and with it everything it starts (cgroups(7): 0 is the writer).
    private static func join(_ cgroup: String) throws(SystemError) {
        let path = "\(cgroup)/cgroup.procs"
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(path) }
        defer { close(descriptor) }
        guard write(descriptor, "0", 1) == 1 else { throw SystemError(path) }
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
